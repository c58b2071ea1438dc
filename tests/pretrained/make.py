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
from transformers import (GPT2Config, GPT2LMHeadModel, MarianConfig, MarianMTModel, MarianTokenizer, PreTrainedTokenizerFast,
                          T5Config, T5ForConditionalGeneration, T5TokenizerFast)

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


def trained_model(model, pairs, padding):
    """The model after a few hundred steps over pairs of sources and targets, or over targets alone."""
    torch.manual_seed(11)
    draw = random.Random(7)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    fill = lambda rows, with_: torch.tensor([row + [with_] * (max(map(len, rows)) - len(row)) for row in rows])
    for _ in range(400):
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


def expect(folder, model, tokens_of, forbidden, prefix=False, texts=SOURCES):
    """What generate writes. A token for unknown text is never written here, which its own default would allow."""
    rows = []
    for text in texts:
        tokens = tokens_of(text)
        given = torch.tensor([tokens[:-1] if prefix else tokens])
        row = {"text": text, "tokens": tokens}
        for name, options in (("greedy", dict(num_beams=1)), ("beams", dict(num_beams=4, early_stopping="never"))):
            written = model.generate(given, max_new_tokens=24, do_sample=False, length_penalty=1.0,
                                     bad_words_ids=[[token] for token in forbidden] or None, **options)[0].tolist()
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


if __name__ == "__main__":
    marian()
    t5()
    gpt2()
