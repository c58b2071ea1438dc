"""What transformers or CTranslate2 write with an exported model, beside what we write.

    any2any export RUN MODEL --format huggingface
    any2any translate RUN --greedy --json < LINES > OURS.json
    python tests/pretrained/exported.py MODEL LINES OURS.json [--beams 4]

The kind of MODEL is recognised by its files. Prints one JSON object: lines, those whose tokens are equal, those whose texts
are equal, and the first that differ. Of a language model, a line is the beginning of a text, and OURS.json is the list of
what `any2any complete RUN --greedy --max-length LONGEST --json LINE` prints for each. With transformers 4.57, PyTorch 2.9.0,
tokenizers 0.22, sentencepiece 0.2 and ctranslate2 4.8.
"""
import argparse
import json
import pathlib


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


def ctranslate2_writes(folder, lines, beams, longest):
    import ctranslate2
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
    translator = ctranslate2.Translator(str(folder), compute_type="float32", inter_threads=1, intra_threads=1)
    results = translator.translate_batch([source.tokens(line) for line in lines], beam_size=beams, length_penalty=1,
                                         max_decoding_length=longest, min_decoding_length=0, max_batch_size=16)
    return [(result.hypotheses[0], target.text(result.hypotheses[0])) for result in results]


def transformers_writes(folder, lines, beams, longest):
    import torch
    import transformers
    torch.set_num_threads(1)
    source = transformers.AutoTokenizer.from_pretrained(folder)
    target = transformers.AutoTokenizer.from_pretrained(target_of(folder))
    config = transformers.AutoConfig.from_pretrained(folder)
    kind = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
    model, info = kind.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info
    written = []
    for line in lines:
        given = source(line, return_tensors="pt")
        given.pop("token_type_ids", None)
        tokens = model.generate(**given, num_beams=beams, max_length=longest + 1, do_sample=False, length_penalty=1.0)
        # The first is what the decoder starts from.
        tokens = [token for token in tokens[0].tolist()[1:] if token not in (config.eos_token_id, config.pad_token_id)]
        written.append((target.convert_ids_to_tokens(tokens), target.decode(tokens, skip_special_tokens=True)))
    return written


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
    options = parser.parse_args()
    lines = options.lines.read_text().splitlines()
    writes = ctranslate2_writes if (options.model / "model.bin").exists() else transformers_writes
    theirs = writes(options.model, lines, options.beams, options.longest)
    mine = ours(options.ours)
    assert len(mine) == len(lines), (len(mine), len(lines))
    end = json.loads((options.model / "config.json").read_text()).get("eos_token", "</s>")
    strip = lambda tokens: tokens[:-1] if tokens and tokens[-1] in (end, "</s>", "<|endoftext|>") else tokens
    pairs = [(strip(our[0]), strip(their[0]), our[1], their[1]) for our, their in zip(mine, theirs)]
    differ = [{"line": line, "ours": a, "theirs": b} for line, (a, b, _, _) in zip(lines, pairs)
              if not same(a, b, options.longest)]
    print(json.dumps({"model": str(options.model), "lines": len(lines), "equal_tokens": len(lines) - len(differ),
                      "equal_texts": sum(a == b for _, _, a, b in pairs), "differ": differ[:3]}, ensure_ascii=False))


if __name__ == "__main__":
    main()
