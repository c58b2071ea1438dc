"""CTranslate2 as the peer of `any2any bench decode`: an untrained Marian transformer of the same shape, or a run's model.

    python peers/ct2_decode.py WORK/test_2016_flickr.en WORK/sp.model --force-length 15 --batch-tokens 1024
    python peers/ct2_decode.py WORK/test_2016_flickr.en WORK/sp.model --force-length 15 --one-by-one --lines 200
    python peers/ct2_decode.py WORK/test_2016_flickr.en MODEL/tokenizer.json --model MODEL --shortlist

Weights do not change the time that a search takes once every hypothesis has the same length, so an untrained
model will do. Shortlists are learned from data, so they need a model: MODEL is what `any2any export --format ctranslate2`
wrote. Prints one JSON object; tokens are those of the best hypotheses, without their ends.
"""

import argparse
import contextlib
import json
import resource
import tempfile
import time
from pathlib import Path

import ctranslate2
import sentencepiece
import tokenizers
from ctranslate2.converters.transformers import MarianMTLoader
from transformers import MarianConfig, MarianMTModel

PADDING, BEGIN, END = 1, 2, 3


class PieceLoader(MarianMTLoader):
    """CTranslate2's own loader of Marian models, with a vocabulary of sentencepiece's pieces.

    The original drops the row of padding from all tables, so its piece is left out here too.
    """

    def __init__(self, pieces: sentencepiece.SentencePieceProcessor) -> None:
        super().__init__()
        numbers = range(pieces.get_piece_size())
        self.vocabulary = [pieces.id_to_piece(number) for number in numbers if number != PADDING]

    def get_vocabulary(self, model, tokenizer):
        return self.vocabulary

    def set_vocabulary(self, spec, tokens):
        spec.register_source_vocabulary(tokens)
        spec.register_target_vocabulary(tokens)

    def set_config(self, config, model, tokenizer):
        config.unk_token = "<unk>"
        config.eos_token = "</s>"
        config.decoder_start_token = "<s>"
        config.add_source_eos = True


def untrained(options: argparse.Namespace, vocabulary: int) -> MarianMTModel:
    return MarianMTModel(
        MarianConfig(
            vocab_size=vocabulary,
            decoder_vocab_size=vocabulary,
            d_model=options.d_model,
            encoder_layers=options.layers,
            decoder_layers=options.layers,
            encoder_attention_heads=options.heads,
            decoder_attention_heads=options.heads,
            encoder_ffn_dim=options.d_ff,
            decoder_ffn_dim=options.d_ff,
            activation_function="relu",
            scale_embedding=True,
            pad_token_id=PADDING,
            bos_token_id=BEGIN,
            eos_token_id=END,
            forced_eos_token_id=END,
            decoder_start_token_id=PADDING,
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path)
    parser.add_argument("pieces", type=Path, help="sentencepiece's model, or the tokenizer.json of --model")
    parser.add_argument("--compute-type", default="float32", help="float32, int8, ...")
    parser.add_argument("--force-length", type=int, default=15)
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--batch-tokens", type=int, default=1024, help="source positions of a batch")
    parser.add_argument("--one-by-one", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1, help="batches at once, which share the threads")
    parser.add_argument("--model", type=Path, help="a model's folder, in place of an untrained one")
    parser.add_argument("--shortlist", action="store_true", help="write what the model's vmap.txt lists for a batch")
    parser.add_argument("--d-model", type=int, default=128)
    parser.add_argument("--d-ff", type=int, default=256)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--heads", type=int, default=4)
    options = parser.parse_args()

    text = options.input.read_text(encoding="utf-8").removesuffix("\n").split("\n")[: options.lines]
    if options.model:
        tokenizer = tokenizers.Tokenizer.from_file(str(options.pieces))
        lines = [tokenizer.encode(line).tokens for line in text]
        model_folder = contextlib.nullcontext(options.model)
    else:
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(options.pieces))
        lines = [pieces.encode(line, out_type=str) for line in text]
        model_folder = tempfile.TemporaryDirectory()
    with model_folder as folder:
        if not options.model:
            spec = PieceLoader(pieces)(untrained(options, pieces.get_piece_size()), None)
            spec.validate()
            spec.optimize(quantization=None)
            spec.save(folder)
        translator = ctranslate2.Translator(
            str(folder),
            device="cpu",
            compute_type=options.compute_type,
            inter_threads=options.workers,
            intra_threads=max(options.threads // options.workers, 1),
        )

    def search(lines: list[list[str]]) -> int:
        results = translator.translate_batch(
            lines,
            beam_size=options.beam,
            batch_type="examples" if options.one_by_one else "tokens",
            max_batch_size=0 if options.one_by_one else options.batch_tokens,
            min_decoding_length=options.force_length,
            max_decoding_length=options.force_length or 256,
            use_vmap=options.shortlist,
        )
        return sum(len(result.hypotheses[0]) for result in results)

    search(lines[:1])
    latencies = []
    target_tokens = 0
    began = time.perf_counter()
    for together in [[line] for line in lines] if options.one_by_one else [lines]:
        line_began = time.perf_counter()
        target_tokens += search(together)
        latencies.append(time.perf_counter() - line_began)
    seconds = time.perf_counter() - began
    latencies.sort()

    def percentile(part: int) -> float:
        return latencies[max(-(-part * len(latencies) // 100), 1) - 1]

    print(
        json.dumps(
            {
                "peer": f"ctranslate2 {ctranslate2.__version__} {options.compute_type}",
                "threads": options.threads,
                "workers": options.workers,
                "shortlist": options.shortlist,
                "beam": options.beam,
                "one_by_one": options.one_by_one,
                "forced_length": options.force_length,
                "sentences": len(lines),
                "target_tokens": target_tokens,
                "seconds": seconds,
                "target_tokens_per_second": target_tokens / seconds,
                "sentences_per_second": len(lines) / seconds,
                "latency_seconds": {"percentile_50": percentile(50), "percentile_95": percentile(95)}
                if options.one_by_one
                else None,
                "peak_resident_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
