"""The small models that import.rs brings in, with what other people's code writes with them.

    python tests/pretrained/make.py

Made with transformers 4.57, PyTorch 2.9.0 and sentencepiece 0.2. Writes a folder a family beside this file, as
`save_pretrained` does it, and `expected.json` into it: twenty sources, their tokens, and the tokens that `generate` writes
greedily and with four beams. Models and tokenizers are trained on the sentences below for
some seconds.
"""
import json
import pathlib
import random
import shutil
import tempfile

import sentencepiece
import torch
from transformers import (BartConfig, BartForConditionalGeneration, BartTokenizerFast, ByT5Tokenizer, GPT2Config,
                          GPT2LMHeadModel, M2M100Config, M2M100ForConditionalGeneration, M2M100Tokenizer, MarianConfig,
                          MarianMTModel, MarianTokenizer, MBart50Tokenizer, MBartConfig, MBartForConditionalGeneration,
                          MBartTokenizer, NllbTokenizerFast, PegasusConfig, PegasusForConditionalGeneration, PegasusTokenizer,
                          PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration, T5TokenizerFast)

HERE = pathlib.Path(__file__).parent
NOUNS = [("dog", "Hund"), ("cat", "Katze"), ("house", "Haus"), ("woman", "Frau"), ("child", "Kind"), ("garden", "Garten")]
VERBS = [("sees", "sieht"), ("hears", "hört"), ("loves", "liebt"), ("finds", "findet")]
COLOURS = [("red", "rot"), ("green", "grün"), ("old", "alt"), ("small", "klein")]


def sentences(side, count=400):
    draw = random.Random(5)
    word = lambda words: draw.choice(words)[side]
    the, a = (("the", "a"), ("der", "ein"))[side]
    return [f"{the} {word(COLOURS)} {word(NOUNS)} {word(VERBS)} {a} {word(NOUNS)}." for _ in range(count)]


SOURCES = sentences(0, 17) + ["the Übermut of 12 cats", "a  dog", "zebra"]


def trained(name, texts, folder, **options):
    path = pathlib.Path(folder) / name
    lines = path.with_suffix(".txt")
    lines.write_text("\n".join(texts))
    sentencepiece.SentencePieceTrainer.train(input=str(lines), model_prefix=str(path), normalization_rule_name="identity",
                                             hard_vocab_limit=False, minloglevel=2, **options)
    lines.unlink()
    path.with_suffix(".vocab").unlink()
    return path.with_suffix(".model")


def trained_model(model, pairs, padding, steps=400):
    """The model after a few hundred steps over pairs of sources and targets, or over targets alone."""
    torch.manual_seed(11)
    draw = random.Random(7)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    fill = lambda rows, with_: torch.tensor([row + [with_] * (max(map(len, rows)) - len(row)) for row in rows])
    for _ in range(steps):
        sources, targets = zip(*draw.sample(pairs, 32))
        labels = fill(targets, -100)
        if model.config.is_encoder_decoder:
            given = fill(sources, padding)
            loss = model(input_ids=given, attention_mask=(given != padding).long(), labels=labels).loss
        else:
            loss = model(input_ids=labels.clamp(min=0), attention_mask=(labels != -100).long(), labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    # The last digits of weights are no matter, and a bias of logits that is not zero is.
    with torch.no_grad():
        for name, buffer in model.named_buffers():
            if name == "final_logits_bias":
                buffer.normal_(std=0.2)
    print(type(model).__name__, "loss", loss.item())
    return model.eval()


def expect(folder, model, tokens_of, forbidden, prefix=False, texts=SOURCES, new_tokens=24, **others):
    """What generate writes. A token for unknown text is never written here, which its own default would allow."""
    rows = []
    for text in texts:
        tokens = tokens_of(text)
        given = torch.tensor([tokens[:-1] if prefix else tokens])
        row = {"text": text, "tokens": tokens}
        for name, options in (("greedy", dict(num_beams=1)), ("beams", dict(num_beams=4, early_stopping="never"))):
            written = model.generate(given, max_new_tokens=new_tokens, do_sample=False, length_penalty=1.0,
                                     bad_words_ids=[[token] for token in forbidden] or None, **options, **others)[0].tolist()
            row[name] = written[len(given[0]):] if prefix else written[1:]
        rows.append(row)
    (folder / "expected.json").write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(folder.name, size, "bytes,", len({tuple(row["greedy"]) for row in rows}), "outputs")


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def marian():
    folder = fresh("marian")
    with tempfile.TemporaryDirectory() as work:
        for side, name in enumerate(("source", "target")):
            shutil.move(trained(name, sentences(side), work, vocab_size=90), folder / f"{name}.spm")
    pieces = []
    for name in ("source", "target"):
        processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{name}.spm"))
        pieces += [processor.id_to_piece(number) for number in range(processor.get_piece_size())]
    others = sorted(set(pieces) - {"</s>", "<unk>", "<s>"})
    vocabulary = {piece: number for number, piece in enumerate(["</s>", "<unk>", *others, "<pad>"])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    tokenizer = MarianTokenizer(vocab=str(folder / "vocab.json"), source_spm=str(folder / "source.spm"),
                                target_spm=str(folder / "target.spm"), source_lang="en", target_lang="de")
    model = MarianMTModel(MarianConfig(
        vocab_size=len(vocabulary), d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=48, max_position_embeddings=64, scale_embedding=True,
        activation_function="swish", pad_token_id=vocabulary["<pad>"], eos_token_id=0, bos_token_id=0,
        decoder_start_token_id=vocabulary["<pad>"], forced_eos_token_id=None))
    pairs = [(tokenizer(source)["input_ids"], tokenizer(text_target=target)["input_ids"])
             for source, target in zip(sentences(0), sentences(1))]
    trained_model(model, pairs, vocabulary["<pad>"]).save_pretrained(folder)
    expect(folder, model, lambda text: tokenizer(text)["input_ids"], [1, vocabulary["<pad>"]])


def t5():
    folder = fresh("t5")
    with tempfile.TemporaryDirectory() as work:
        model_file = trained("spiece", sentences(0) + sentences(1), work, vocab_size=120, pad_id=0, eos_id=1, unk_id=2,
                             bos_id=-1)
        tokenizer = T5TokenizerFast(vocab_file=str(model_file), extra_ids=10)
    tokenizer.save_pretrained(folder)
    for file in folder.iterdir():
        if file.name != "tokenizer.json":
            file.unlink()
    # Its tables are larger than its vocabulary, as those of T5 are.
    model = T5ForConditionalGeneration(T5Config(
        vocab_size=144, d_model=32, d_kv=6, d_ff=40, num_layers=2, num_heads=3, relative_attention_num_buckets=8,
        relative_attention_max_distance=20, feed_forward_proj="gated-gelu", tie_word_embeddings=True, pad_token_id=0,
        eos_token_id=1, decoder_start_token_id=0))
    pairs = [(tokenizer(source)["input_ids"], tokenizer(target)["input_ids"])
             for source, target in zip(sentences(0), sentences(1))]
    trained_model(model, pairs, 0).save_pretrained(folder)
    beyond = list(range(len(tokenizer), 144))
    expect(folder, model, lambda text: tokenizer(text)["input_ids"], [0, 2, *beyond])


def gpt2():
    from tokenizers import ByteLevelBPETokenizer
    folder = fresh("gpt2")
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(sentences(0), vocab_size=300, special_tokens=["<|endoftext|>"])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer)
    bpe.save(str(folder / "tokenizer.json"))
    end = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_embd=32, n_layer=2, n_head=4, n_positions=64,
                                       bos_token_id=end, eos_token_id=end))
    pairs = [(None, [end, *tokenizer(text)["input_ids"], end]) for text in sentences(0)]
    trained_model(model, pairs, None).save_pretrained(folder)
    expect(folder, model, lambda text: [end, *tokenizer(text)["input_ids"], end], [], prefix=True,
           texts=[" ".join(text.split()[:3]) for text in SOURCES])


# Sizes of the models below, which are small because their vocabularies are not.
SMALL = dict(d_model=16, encoder_layers=1, decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2,
             encoder_ffn_dim=24, decoder_ffn_dim=24, max_position_embeddings=64)


def pairs_of(tokenizer):
    return [(tokenizer(source)["input_ids"], tokenizer(text_target=target)["input_ids"])
            for source, target in zip(sentences(0), sentences(1))]


def keep(folder, *names):
    for file in folder.iterdir():
        if file.name not in names:
            file.unlink()


def bart():
    from tokenizers import ByteLevelBPETokenizer
    folder = fresh("bart")
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(sentences(0) + sentences(1), vocab_size=330,
                            special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    with tempfile.TemporaryDirectory() as work:
        bpe.save_model(work)
        tokenizer = BartTokenizerFast(vocab_file=f"{work}/vocab.json", merges_file=f"{work}/merges.txt")
    tokenizer.save_pretrained(folder)
    keep(folder, "tokenizer.json")
    model = BartForConditionalGeneration(BartConfig(vocab_size=len(tokenizer), **SMALL, forced_bos_token_id=0))
    trained_model(model, pairs_of(tokenizer), 1).save_pretrained(folder)
    expect(folder, model, lambda text: tokenizer(text)["input_ids"], [1, 3], forced_eos_token_id=None)


def many_languages(name, tokenizer, model, target, *files):
    folder = fresh(name)
    tokenizer.save_pretrained(folder)
    keep(folder, *files)
    trained_model(model, pairs_of(tokenizer), 1).save_pretrained(folder)
    expect(folder, model, lambda text: tokenizer(text)["input_ids"], [1, 3], forced_eos_token_id=None,
           forced_bos_token_id=tokenizer.convert_tokens_to_ids(target))


# As fairseq trains: four special pieces in front, of which three are SentencePiece's own.
FAIRSEQ = dict(vocab_size=110, unk_id=0, bos_id=1, eos_id=2)


def mbart50():
    with tempfile.TemporaryDirectory() as work:
        model_file = trained("mbart", sentences(0) + sentences(1), work, **FAIRSEQ)
        tokenizer = MBart50Tokenizer(vocab_file=str(model_file), src_lang="en_XX", tgt_lang="de_DE")
        model = MBartForConditionalGeneration(MBartConfig(
            vocab_size=len(tokenizer), **SMALL, scale_embedding=True, decoder_start_token_id=2, activation_function="relu"))
        many_languages("mbart50", tokenizer, model, "de_DE", "sentencepiece.bpe.model", "special_tokens_map.json",
                       "tokenizer_config.json")


def mbart():
    """Languages stand behind the end of a source, and decoding starts from that of the target."""
    with tempfile.TemporaryDirectory() as work:
        model_file = trained("mbart", sentences(0) + sentences(1), work, **FAIRSEQ)
        tokenizer = MBartTokenizer(vocab_file=str(model_file), src_lang="en_XX", tgt_lang="de_DE")
        target = tokenizer.convert_tokens_to_ids("de_DE")
        model = MBartForConditionalGeneration(MBartConfig(
            vocab_size=len(tokenizer), **SMALL, scale_embedding=True, decoder_start_token_id=target,
            activation_function="relu"))
        folder = fresh("mbart")
        tokenizer.save_pretrained(folder)
        # As the published ones: nothing but the model says which languages are meant.
        (folder / "tokenizer_config.json").write_text("{}\n")
        keep(folder, "sentencepiece.bpe.model", "tokenizer_config.json")
        trained_model(model, pairs_of(tokenizer), 1).save_pretrained(folder)
        expect(folder, model, lambda text: tokenizer(text)["input_ids"], [1, 3], forced_eos_token_id=None)


def m2m100():
    with tempfile.TemporaryDirectory() as work:
        model_file = trained("m2m", sentences(0) + sentences(1), work, **FAIRSEQ)
        processor = sentencepiece.SentencePieceProcessor(model_file=str(model_file))
        pieces = [processor.id_to_piece(number) for number in range(3, processor.get_piece_size())]
        vocabulary = pathlib.Path(work) / "vocab.json"
        vocabulary.write_text(json.dumps({piece: number for number, piece in
                                          enumerate(["<s>", "<pad>", "</s>", "<unk>", *pieces])}))
        tokenizer = M2M100Tokenizer(vocab_file=str(vocabulary), spm_file=str(model_file), src_lang="en", tgt_lang="de")
        # Eight rows belong to no token, as those of M2M-100 do.
        model = M2M100ForConditionalGeneration(M2M100Config(
            vocab_size=max(tokenizer.lang_token_to_id.values()) + 9, **SMALL, decoder_start_token_id=2,
            activation_function="relu"))
        many_languages("m2m100", tokenizer, model, "__de__", "vocab.json", "sentencepiece.bpe.model",
                       "special_tokens_map.json", "tokenizer_config.json")


def nllb():
    with tempfile.TemporaryDirectory() as work:
        model_file = trained("nllb", sentences(0) + sentences(1), work, **FAIRSEQ)
        tokenizer = NllbTokenizerFast(vocab_file=str(model_file), src_lang="eng_Latn", tgt_lang="deu_Latn")
        model = M2M100ForConditionalGeneration(M2M100Config(
            vocab_size=len(tokenizer), **SMALL, decoder_start_token_id=2, activation_function="relu"))
        many_languages("nllb", tokenizer, model, "deu_Latn", "tokenizer.json", "tokenizer_config.json")


def pegasus():
    folder = fresh("pegasus")
    with tempfile.TemporaryDirectory() as work:
        model_file = trained("pegasus", sentences(0) + sentences(1), work, vocab_size=110, pad_id=0, eos_id=1, unk_id=2,
                             bos_id=-1)
        tokenizer = PegasusTokenizer(vocab_file=str(model_file))
        tokenizer.save_pretrained(folder)
    keep(folder, "spiece.model")
    model = PegasusForConditionalGeneration(PegasusConfig(
        vocab_size=len(tokenizer), **SMALL, scale_embedding=True, activation_function="relu", forced_eos_token_id=None))
    trained_model(model, pairs_of(tokenizer), 0).save_pretrained(folder)
    expect(folder, model, lambda text: tokenizer(text)["input_ids"], [0, tokenizer.unk_token_id])


def byt5():
    folder = fresh("byt5")
    tokenizer = ByT5Tokenizer()
    tokenizer.save_pretrained(folder)
    keep(folder, "tokenizer_config.json")
    model = T5ForConditionalGeneration(T5Config(
        vocab_size=384, d_model=24, d_kv=6, d_ff=32, num_layers=2, num_decoder_layers=1, num_heads=3,
        relative_attention_num_buckets=8, relative_attention_max_distance=20, feed_forward_proj="gated-gelu",
        tie_word_embeddings=False, pad_token_id=0, eos_token_id=1, decoder_start_token_id=0))
    trained_model(model, pairs_of(tokenizer), 0, steps=1500).save_pretrained(folder)
    # So many that no output is cut off: a search by beams compares those that are not as theirs has it.
    expect(folder, model, lambda text: tokenizer(text)["input_ids"], [0, 2], new_tokens=64)


RATE = 16000
# Sounds of a tiny Whisper: their samples, and how slowly their pitch rises. import.rs makes the same.
SOUNDS = [(440000, 50), (300000, 977), (470000, 4999)]


def sound(samples, slowness):
    import numpy
    n = numpy.arange(samples, dtype=numpy.int64)
    return ((n * n // slowness % 2001 - 1000) * (n // 800 % 5)).astype("float32") / 32768


def whisper():
    from tokenizers import ByteLevelBPETokenizer
    from transformers import (GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration)
    folder = fresh("whisper")
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(sentences(0, 20), vocab_size=270)
    named = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|de|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>",
             "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    moments = [f"<|{number * 0.02:.2f}|>" for number in range(1501)]
    # The moments are left to the program, as in the file of Whisper tiny.en.
    bpe.add_special_tokens(named)
    bpe.save(str(folder / "tokenizer.json"))
    first = bpe.get_vocab_size()
    number = {name: bpe.token_to_id(name) for name in named} | {name: first + at for at, name in enumerate(moments)}
    end, begin = number["<|endoftext|>"], number["<|startoftranscript|>"]
    extractor = WhisperFeatureExtractor(feature_size=80)
    extractor.save_pretrained(folder)
    torch.manual_seed(3)
    model = WhisperForConditionalGeneration(WhisperConfig(
        vocab_size=first + 1501, d_model=8, init_std=0.8, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=24, decoder_ffn_dim=24, max_target_positions=64, pad_token_id=end,
        bos_token_id=end, eos_token_id=end, decoder_start_token_id=begin, suppress_tokens=None, begin_suppress_tokens=None))
    model.generation_config = GenerationConfig(
        decoder_start_token_id=begin, eos_token_id=end, pad_token_id=end, bos_token_id=end, max_length=24,
        is_multilingual=True, lang_to_id={f"<|{code}|>": number[f"<|{code}|>"] for code in ("en", "de")},
        task_to_id={task: number[f"<|{task}|>"] for task in ("transcribe", "translate")},
        no_timestamps_token_id=number["<|notimestamps|>"], max_initial_timestamp_index=50,
        suppress_tokens=[number["<|startoflm|>"], number["<|startofprev|>"]], begin_suppress_tokens=[220, end])
    # Nobody trains it: with large weights what it writes depends on what it hears.
    features = lambda sounds: extractor(sounds, sampling_rate=RATE, return_tensors="pt").input_features
    model.eval().save_pretrained(folder)
    rows = []
    for samples, slowness in SOUNDS:
        given = features(sound(samples, slowness))
        row = {"samples": samples, "slowness": slowness}
        for name, options in (("greedy", {}), ("timed", dict(return_timestamps=True)), ("translated", dict(task="translate"))):
            written = model.generate(given, num_beams=1, do_sample=False, **{"language": "en", "task": "transcribe", **options})
            row[name] = written[0].tolist()
        rows.append(row)
    (folder / "expected.json").write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
    languages()
    print("whisper", sum(file.stat().st_size for file in folder.iterdir()), "bytes", rows)


# Sounds of which the tiny Whisper tells the language, made as those above.
TOLD = SOUNDS + [(100000, 3), (100000, 7), (200000, 123), (16000, 11), (400000, 20000), (8000, 100000)]


def languages():
    """The language that `detect_language` finds, and the probabilities of all, by the same step of the decoder."""
    from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration
    folder = HERE / "whisper"
    model = WhisperForConditionalGeneration.from_pretrained(folder).eval()
    extractor = WhisperFeatureExtractor.from_pretrained(folder)
    names = {token: name.strip("<|>") for name, token in model.generation_config.lang_to_id.items()}
    rows = []
    for samples, slowness in TOLD:
        given = extractor(sound(samples, slowness), sampling_rate=RATE, return_tensors="pt").input_features
        begin = torch.tensor([[model.config.decoder_start_token_id]])
        with torch.no_grad():
            told = model.detect_language(given).item()
            logits = model(given, decoder_input_ids=begin).logits[0, -1][list(names)]
        probabilities = dict(zip(names.values(), torch.softmax(logits, 0).tolist()))
        # Without a language, `generate` writes in the one that it has told.
        written = model.generate(given, num_beams=1, do_sample=False, task="transcribe")[0].tolist()
        rows.append({"samples": samples, "slowness": slowness, "language": names[told], "probabilities": probabilities,
                     "greedy": written})
    (folder / "languages.json").write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")


def trocr():
    """It is trained to say what it sees: the colour of the ground, and two marks. The tokenizer stands in two files, as in
    the folders of TrOCR."""
    from PIL import Image, ImageDraw
    from tokenizers import ByteLevelBPETokenizer
    from transformers import (RobertaTokenizerFast, TrOCRConfig, VisionEncoderDecoderConfig, VisionEncoderDecoderModel,
                              ViTConfig, ViTImageProcessor)
    folder = fresh("trocr")
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(sentences(0), vocab_size=330, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    bpe.save_model(str(folder))
    tokenizer = RobertaTokenizerFast(vocab_file=str(folder / "vocab.json"), merges_file=str(folder / "merges.txt"))
    processor = ViTImageProcessor(size={"height": 32, "width": 32}, resample=3)
    processor.save_pretrained(folder)
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(
        ViTConfig(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=32, image_size=32,
                  patch_size=8, qkv_bias=False),
        TrOCRConfig(vocab_size=len(tokenizer), d_model=16, decoder_layers=2, decoder_attention_heads=2, decoder_ffn_dim=24,
                    max_position_embeddings=64, cross_attention_hidden_size=24))
    config.decoder_start_token_id, config.pad_token_id, config.eos_token_id = 2, 1, 2
    torch.manual_seed(5)
    model = VisionEncoderDecoderModel(config)
    draw = random.Random(9)

    def drawn():
        """A picture of some size, and what is to be said of it."""
        width, height = draw.randint(12, 90), draw.randint(10, 60)
        colour, marks = draw.randrange(4), [draw.randrange(3) for _ in range(2)]
        ground = ((230, 120, 110), (120, 220, 130), (210, 210, 200), (120, 130, 235))[colour]
        picture = Image.new("RGB", (width, height), tuple(level + draw.randint(-15, 15) for level in ground))
        pen = ImageDraw.Draw(picture)
        for place, mark in enumerate(marks):
            left, right = (place * 0.5 + 0.08) * width, (place * 0.5 + 0.42) * width
            top, bottom = 0.2 * height, 0.8 * height
            dark = tuple(draw.randrange(60) for _ in range(3))
            if mark == 0:
                pen.ellipse([left, top, right, bottom], fill=dark)
            elif mark == 1:
                pen.rectangle([left, top, right, bottom], fill=dark)
            else:
                pen.line([left, bottom, right, top], fill=dark, width=max(1, height // 10))
        nouns = [NOUNS[mark][0] for mark in marks]
        return picture, f"the {COLOURS[colour][0]} {nouns[0]} sees a {nouns[1]}."

    shown = [drawn() for _ in range(600)]
    pixels_of = lambda picture: processor(picture, return_tensors="pt").pixel_values
    seen = torch.cat([pixels_of(picture) for picture, _ in shown])
    said = [tokenizer(text)["input_ids"][1:] for _, text in shown]
    longest = max(map(len, said))
    labels = torch.tensor([row + [-100] * (longest - len(row)) for row in said])
    # Fed with what comes before: from `labels` alone, this version shifts them twice.
    fed = torch.tensor([[2] + row[:-1] + [1] * (longest - len(row)) for row in said])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(500):
        rows = torch.tensor(draw.sample(range(len(shown)), 32))
        logits = model(pixel_values=seen[rows], decoder_input_ids=fed[rows]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels[rows].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("VisionEncoderDecoderModel loss", loss.item())
    for option, value in dict(decoder_start_token_id=2, pad_token_id=1, eos_token_id=2).items():
        setattr(model.generation_config, option, value)
    model.eval().save_pretrained(folder)
    (folder / "pictures").mkdir()
    rows = []
    for number in range(20):
        picture, _ = drawn()
        picture.save(folder / "pictures" / f"{number:02}.png")
        pixels = pixels_of(picture)
        row = {"picture": f"{number:02}.png"}
        # Some values of the pixels as the model sees them, red, green and blue at places of a diagonal.
        row["pixels"] = [[round(value, 6) for value in pixels[0, :, at, at].tolist()] for at in (0, 5, 13, 22, 31)]
        for name, options in (("greedy", dict(num_beams=1)), ("beams", dict(num_beams=4, early_stopping="never"))):
            written = model.generate(pixel_values=pixels, max_new_tokens=16, do_sample=False, length_penalty=1.0,
                                     bad_words_ids=[[1], [3]], **options)[0].tolist()
            row[name] = written[1:]
        row["text"] = tokenizer.decode(row["greedy"], skip_special_tokens=True)
        rows.append(row)
    (folder / "expected.json").write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
    print("trocr", sum(file.stat().st_size for file in folder.rglob("*.*")), "bytes,",
          len({tuple(row["greedy"]) for row in rows}), "outputs")


if __name__ == "__main__":
    import sys
    if len(sys.argv) > 1:
        for name in sys.argv[1:]:
            globals()[name]()
        sys.exit()
    marian()
    t5()
    gpt2()
