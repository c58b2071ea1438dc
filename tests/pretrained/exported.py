"""What transformers or CTranslate2 write with an exported model, beside what we write.

    any2any export RUN MODEL --format huggingface
    any2any translate RUN --greedy --json < LINES > OURS.json
    python tests/pretrained/exported.py MODEL LINES OURS.json [--beams 4]

The kind of MODEL is recognised by its files. Prints one JSON object: lines, those whose tokens are equal, those whose texts
are equal, and the first that differ. Of a language model, a line is the beginning of a text, and OURS.json is the list of
what `any2any complete RUN --greedy --max-length LONGEST --json LINE` prints for each. A model that is told something in
front of its outputs has it in its files in Hugging Face's layout; CTranslate2 is given it with `--target TOKEN`, and what
stands in front of sources, where pieces are cut by sentencepiece, with `--source TOKEN`.

Of a Whisper, LINES are recordings of 16 kHz with one channel, a path a line:

    any2any translate RUN --greedy --json $(cat RECORDINGS) > OURS.json
    python tests/pretrained/exported.py MODEL RECORDINGS OURS.json [--faster-whisper]

With CTranslate2, frames are those of the feature extractor of transformers; with `--faster-whisper` that program reads the
recordings, and fills up windows with other frames of silence. Of recordings longer than a window, transformers and
faster-whisper write timestamps too, and texts alone can be compared.

With transformers 4.57, PyTorch 2.9.0, tokenizers 0.22, sentencepiece 0.2 and ctranslate2 4.8; faster-whisper 1.2.
"""
import argparse
import json
import pathlib
import wave


def target_of(folder):
    apart = folder / "target_tokenizer"
    return apart if apart.exists() else folder


class Spm:
    """A model of SentencePiece, which ends a text as `tokenizer.json` does."""

    def __init__(self, file, end):
        import sentencepiece
        self.pieces = sentencepiece.SentencePieceProcessor(model_file=str(file))
        self.end = end

    def tokens(self, line):
        return self.pieces.encode(line, out_type=str) + [self.end]

    def text(self, names):
        return self.pieces.decode(names)


class Fast:
    """A `tokenizer.json`."""

    def __init__(self, folder):
        import tokenizers
        self.tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))

    def tokens(self, line):
        return self.tokenizer.encode(line).tokens

    def text(self, names):
        return self.tokenizer.decode([self.tokenizer.token_to_id(name) for name in names])


def ctranslate2_writes(folder, lines, options):
    import ctranslate2
    beams, longest = options.beams, options.longest
    config = json.loads((folder / "config.json").read_text())
    if (folder / "vocabulary.json").exists():
        source = Fast(folder)
        generator = ctranslate2.Generator(str(folder), compute_type="float32", inter_threads=1, intra_threads=1)
        starts = [source.tokens(line) for line in lines]
        # One by one, since beginnings are of several lengths.
        results = [generator.generate_batch([start], beam_size=beams, max_length=longest + 1)[0] for start in starts]
        begin = lambda tokens: 1 if tokens[:1] == [config["bos_token"]] else 0
        written = [result.sequences[0][begin(result.sequences[0]):] for result in results]
        return [(tokens, source.text(tokens)) for tokens in written]
    if (folder / "source.spm").exists():
        source, target = (Spm(folder / f"{side}.spm", config["eos_token"]) for side in ("source", "target"))
    else:
        source, target = Fast(folder), Fast(target_of(folder))
    sources = [options.source + source.tokens(line) for line in lines]
    prefix = [options.target] * len(lines) if options.target else None
    translator = ctranslate2.Translator(str(folder), compute_type="float32", inter_threads=1, intra_threads=1)
    results = translator.translate_batch(sources, target_prefix=prefix, beam_size=beams, length_penalty=1,
                                         max_decoding_length=longest + len(options.target), min_decoding_length=0, max_batch_size=16)
    return [(result.hypotheses[0], target.text(result.hypotheses[0])) for result in results]


def transformers_writes(folder, lines, options):
    import torch
    beams, longest = options.beams, options.longest
    import transformers
    torch.set_num_threads(1)
    source = transformers.AutoTokenizer.from_pretrained(folder)
    target = transformers.AutoTokenizer.from_pretrained(target_of(folder))
    config = transformers.AutoConfig.from_pretrained(folder)
    kind = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
    model, info = kind.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info
    in_front = int(model.generation_config.forced_bos_token_id is not None)
    written = []
    for line in lines:
        given = source(line, return_tensors="pt")
        given.pop("token_type_ids", None)
        tokens = model.generate(**given, num_beams=beams, max_length=longest + 1 + in_front, do_sample=False,
                                length_penalty=1.0)
        # The first is what the decoder starts from.
        tokens = [token for token in tokens[0].tolist()[1:] if token not in (config.eos_token_id, config.pad_token_id)]
        written.append((target.convert_ids_to_tokens(tokens), target.decode(tokens, skip_special_tokens=True)))
    return written


def heard(path):
    """The samples of a recording."""
    import numpy
    with wave.open(path) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2), path
        return numpy.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype("float32") / 32_768


def frames(folder, samples):
    """The frames of a window."""
    import transformers
    extractor = transformers.WhisperFeatureExtractor.from_pretrained(folder)
    # Its own length of a window is of whole seconds.
    length = json.loads((folder / "preprocessor_config.json").read_text())["n_samples"]
    return extractor(samples, sampling_rate=16_000, max_length=length, return_tensors="pt").input_features


def window(folder):
    return json.loads((folder / "preprocessor_config.json").read_text())["n_samples"]


def transformers_hears(folder, recordings, options):
    import torch
    import transformers
    torch.set_num_threads(1)
    processor = transformers.WhisperProcessor.from_pretrained(folder)
    kind = transformers.WhisperForConditionalGeneration
    model, info = kind.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info
    written = []
    for recording in recordings:
        samples, more = heard(recording), {}
        given = {"input_features": frames(folder, samples)}
        if len(samples) > window(folder):
            given = processor(samples, sampling_rate=16_000, return_tensors="pt", truncation=False, padding="longest",
                              return_attention_mask=True)
            more = {"return_timestamps": True, "condition_on_prev_tokens": False}
        tokens = model.generate(**given, **more, num_beams=options.beams, do_sample=False)[0].tolist()
        text = processor.decode(tokens, skip_special_tokens=True)
        written.append((processor.tokenizer.convert_ids_to_tokens(tokens), text))
    return written


def ctranslate2_hears(folder, recordings, options):
    import ctranslate2
    tokenizer = Fast(folder)
    model = ctranslate2.models.Whisper(str(folder), compute_type="float32", inter_threads=1, intra_threads=1)
    # Around a text stand what the model is told, and the end.
    told = tokenizer.tokenizer.encode("").ids[:-1]
    written = []
    for recording in recordings:
        samples = heard(recording)
        assert len(samples) <= window(folder), f"{recording} is longer than a window: take --faster-whisper"
        given = ctranslate2.StorageView.from_array(frames(folder, samples).numpy())
        tokens = model.generate(given, [told], beam_size=options.beams, sampling_temperature=0)[0].sequences_ids[0]
        written.append(named(tokenizer, tokens))
    return written


def faster_whisper_hears(folder, recordings, options):
    import faster_whisper
    tokenizer = Fast(folder)
    model = faster_whisper.WhisperModel(str(folder), device="cpu", compute_type="float32", cpu_threads=1)
    written = []
    for recording in recordings:
        samples = heard(recording)
        pieces, _ = model.transcribe(samples, beam_size=options.beams, best_of=1, temperature=0, language="en",
                                     without_timestamps=len(samples) <= window(folder), condition_on_previous_text=False)
        tokens = [token for piece in pieces for token in piece.tokens]
        written.append(named(tokenizer, tokens))
    return written


def named(tokenizer, tokens):
    """The names of tokens, and the text that they are without timestamps."""
    names = [tokenizer.tokenizer.id_to_token(token) for token in tokens]
    return names, tokenizer.text(spoken(names))


def spoken(names):
    """The tokens of a text, without timestamps and what the model is told."""
    return [name for name in names if not (name.startswith("<|") and name.endswith("|>"))]


def ours(path):
    results = json.loads(path.read_text())
    entries = results if isinstance(results, list) else results["translations"]
    return [(entry["outputs"][0]["tokens"], entry["outputs"][0]["text"]) for entry in entries]


def same(ours, theirs, longest):
    """Whoever counts the end cuts an output that does not end one token sooner."""
    if min(len(ours), len(theirs)) >= longest - 2:
        ours, theirs = ours[:longest - 2], theirs[:longest - 2]
    return ours == theirs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("lines", type=pathlib.Path)
    parser.add_argument("ours", type=pathlib.Path)
    parser.add_argument("--beams", type=int, default=1)
    parser.add_argument("--longest", type=int, default=200)
    parser.add_argument("--source", action="append", default=[])
    parser.add_argument("--target", action="append", default=[])
    parser.add_argument("--faster-whisper", action="store_true")
    options = parser.parse_args()
    lines = options.lines.read_text().splitlines()
    hears = (options.model / "preprocessor_config.json").exists()
    by_ctranslate2 = faster_whisper_hears if options.faster_whisper else ctranslate2_hears
    by_transformers = transformers_hears if hears else transformers_writes
    by_ctranslate2 = by_ctranslate2 if hears else ctranslate2_writes
    writes = by_ctranslate2 if (options.model / "model.bin").exists() else by_transformers
    theirs = writes(options.model, lines, options)
    mine = ours(options.ours)
    assert len(mine) == len(lines), (len(mine), len(lines))
    end = json.loads((options.model / "config.json").read_text()).get("eos_token", "</s>")
    strip = lambda tokens: tokens[:-1] if tokens and tokens[-1] in (end, "</s>", "<|endoftext|>") else tokens
    told = spoken if hears else lambda names: strip(names)[len(options.target):]
    plain = lambda text: " ".join(text.split())
    pairs = [(told(our[0]), told(their[0]), plain(our[1]), plain(their[1])) for our, their in zip(mine, theirs)]
    differ = [{"line": line, "ours": a, "theirs": b} for line, (a, b, _, _) in zip(lines, pairs)
              if not same(a, b, options.longest)]
    print(json.dumps({"model": str(options.model), "lines": len(lines), "equal_tokens": len(lines) - len(differ),
                      "equal_texts": sum(a == b for _, _, a, b in pairs), "differ": differ[:3]}, ensure_ascii=False))


if __name__ == "__main__":
    main()
