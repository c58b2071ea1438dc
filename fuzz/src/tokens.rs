//! Words that formats are made of.

pub(crate) const WAVE: &[&str] =
    &["RIFF", "RIFX", "RF64", "WAVE", "fmt ", "data", "fact", "LIST", "ds64", "bext", "\u{0}\u{0}\u{0}\u{0}"];
pub(crate) const AIFF: &[&str] =
    &["FORM", "AIFF", "AIFC", "COMM", "SSND", "sowt", "fl32", "ima4", "ulaw", "NONE"];
pub(crate) const CAF: &[&str] =
    &["caff", "desc", "data", "pakt", "kuki", "chan", "lpcm", "alac", "alaw", "ima4"];
pub(crate) const NIST: &[&str] = &[
    "sample_rate -i ",
    "channel_count -i ",
    "sample_n_bytes -i ",
    "sample_count -i ",
    "sample_coding -s3 pcm\n",
    "sample_byte_format -s2 10\n",
    "end_head\n",
    "   1024\n",
];
pub(crate) const OGG: &[&str] =
    &["OggS", "OpusHead", "OpusTags", "\u{1}vorbis", "\u{5}vorbis", "ID3", "fLaC"];
pub(crate) const PNG: &[&str] =
    &["IHDR", "IDAT", "IEND", "PLTE", "tRNS", "eXIf", "acTL", "fcTL", "gAMA", "iCCP"];
pub(crate) const RIFF: &[&str] = &["RIFF", "WEBP", "VP8 ", "VP8L", "VP8X", "ANIM", "ANMF", "ALPH", "EXIF"];
pub(crate) const PNM: &[&str] =
    &["P1\n", "P2\n", "P3\n", "P4\n", "P5\n", "P6\n", "P7\n", "# ", "WIDTH ", "ENDHDR\n"];
pub(crate) const GIF: &[&str] = &["GIF89a", "GIF87a", "!\u{f9}\u{4}", ",", ";", "NETSCAPE2.0"];
pub(crate) const EDF: &[&str] = &[
    "EDF+C",
    "EDF+D",
    "BDF+C",
    "EDF Annotations",
    "0       ",
    "-1      ",
    "uV      ",
    "+0\u{14}\u{14}\u{0}",
    "GDF 1.25",
];
pub(crate) const BRAINVISION: &[&str] = &[
    "DataFile=",
    "DataFormat=ASCII\n",
    "DataOrientation=VECTORIZED\n",
    "NumberOfChannels=",
    "SamplingInterval=",
    "BinaryFormat=IEEE_FLOAT_32\n",
    "[Channel Infos]\n",
    "Ch2=",
    "MarkerFile=",
    "[Marker Infos]\nMk1=Stimulus,S1,",
    "UseBigEndianOrder=YES\n",
    "SkipLines=",
    "[ASCII Infos]\n",
];
pub(crate) const MATLAB: &[&str] = &[
    "EEG",
    "data",
    "srate",
    "nbchan",
    "pnts",
    "trials",
    "chanlocs",
    "event",
    "latency",
    "\u{e}\u{0}\u{0}\u{0}",
];
pub(crate) const NPY: &[&str] = &[
    "'descr': '<f8'",
    "'fortran_order': True",
    "'shape': (",
    "4294967296, 4294967296",
    "(), ",
    "|O",
    ">c16",
    "<U9",
    "}",
];
pub(crate) const TABLE: &[&str] =
    &["\"", "\"\"", "\t", ";", ",", "\r\n", "\n", "\u{feff}", "\u{0}", "é", "1e999", "nan"];
pub(crate) const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "[[[[[[[[[[[[[[[[",
    "\"",
    ":",
    ",",
    "null",
    "true",
    "-1",
    "1e400",
    "\\ud800",
    "\\u0000",
    "18446744073709551616",
    "\"\"",
    "{}",
    "[]",
    "\u{feff}",
];
pub(crate) const FASTA: &[&str] = &[">", ">a X=Y\n", "\n", ";", "*", "ACGT"];
pub(crate) const ARCHIVE: &[&str] = &[
    "../",
    "/",
    "ustar",
    "PK\u{3}\u{4}",
    "PK\u{1}\u{2}",
    "PK\u{5}\u{6}",
    "L",
    "././@LongLink",
    "a/a_1.txt",
    "x",
    "1",
];
pub(crate) const YAML: &[&str] = &[
    "&a ",
    "*a",
    "<<: ",
    "extends: base.yaml\n",
    "!!binary ",
    "| ",
    "> ",
    "- ",
    "? ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "null",
    "~",
    ".inf",
    ".nan",
    "-1",
    "1e400",
    "99999999999999999999",
    "\"\\ud800\"",
    "\t",
    "${HOME}",
    "'",
    "layers: 65536",
    "d_model: 65536",
    "[[[[[[[[[[[[[[[[",
];
pub(crate) const WEIGHTS: &[&str] = &[
    "\"dtype\":\"F32\"",
    "\"F64\"",
    "\"I8\"",
    "\"BF16\"",
    "\"shape\":[",
    "4294967296,4294967296",
    "\"data_offsets\":[",
    "\"__metadata__\":{",
    "-1",
    "18446744073709551615",
    "\u{0}\u{0}\u{c0}\u{7f}",
];
pub(crate) const TOKENIZER: &[&str] = &[
    "\"model\":",
    "\"vocab\":",
    "\"merges\":",
    "\"type\":\"BPE\"",
    "\"type\":\"Unigram\"",
    "\"type\":\"WordPiece\"",
    "\"type\":\"WordLevel\"",
    "\"type\":\"Replace\"",
    "\"type\":\"Sequence\"",
    "\"pattern\":{\"Regex\":\"(a*)*b\"}",
    "\"added_tokens\":[",
    "\"id\":4294967295",
    "\"unk_id\":9",
    "\"type\":\"Metaspace\"",
    "\"type\":\"ByteLevel\"",
    "\"type\":\"Precompiled\"",
    "\"type\":\"BPEDecoder\"",
    "\"type\":\"ByteFallback\"",
    "\"type\":\"Fuse\"",
    "\"type\":\"Strip\"",
    "\"type\":\"CTC\"",
    "\"decoders\":[",
    "\"special\":true",
    "null",
    "-1",
    "\"\"",
];
#[cfg(feature = "runs")]
pub(crate) const HTTP: &[&str] = &[
    "GET ",
    "POST ",
    "HEAD ",
    " HTTP/1.1\r\n",
    "Host: localhost\r\n",
    "Content-Length: 18446744073709551615\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Expect: 100-continue\r\n",
    "\r\n\r\n",
    "%00",
    "%2e%2e/",
    "?run=1",
    "&task=",
    "Origin: http://evil.example\r\n",
    "Cookie: ",
    "Authorization: Bearer ",
    "Range: bytes=0-\r\n",
];
pub(crate) const CONFIG: &[&str] = &[
    "\"model_type\": ",
    "\"d_model\": ",
    "\"vocab_size\": ",
    "\"max_position_embeddings\": ",
    "\"encoder_layers\": ",
    "\"activation_function\": \"swish\"",
    "null",
    "true",
    "0",
    "-1",
    "4294967296",
    "1e400",
];
pub(crate) const PICKLE: &[&str] = &[
    "PK\u{1}\u{2}",
    "data.pkl",
    "data/0",
    "ctorch._utils\n_rebuild_tensor_v2\n",
    "ccollections\nOrderedDict\n",
    "cos\nsystem\n",
    "storage",
    "FloatStorage",
    "Q",
    "R",
    "h\u{1}",
    "(",
];
pub(crate) const MARIAN: &[&str] =
    &["special:model.yml", "encoder_l1_self_Wq", "_QuantMultA", "Wemb", "\u{1}A\u{0}\u{0}", "type: s2s\n"];
pub(crate) const CTRANSLATE2: &[&str] =
    &["WhisperSpec", "decoder/layer_0/", "/weight", "/weight_scale", "num_heads", "\u{6}\u{0}\u{0}\u{0}"];
