"""Plain PyTorch as the peer of `any2any bench train`: `torch.nn.Transformer` on batches of similar length.

Speed: target tokens a second of whole training steps on the CPU, padding not counted.

    python peers/torch_seq2seq.py WORK/train.en WORK/train.de WORK/sp.model --steps 40

Quality: train for some minutes instead, then translate greedily and score with sacreBLEU.

    python peers/torch_seq2seq.py WORK/train.en WORK/train.de WORK/sp.model --minutes 25 \
        --learning-rate 2e-3 --schedule-warm-up 400 --test WORK/test_2016_flickr.en WORK/test_2016_flickr.de

Its best settings are `--fused` and, where the processor has instructions for it, `--precision bfloat16`.

Prints one JSON object. The shape is that of configs/bench-tiny.yaml; for configs/bench-base.yaml give
`--d-model 512 --d-ff 2048 --layers 6 --heads 8 --tokens 2048`.
"""

import argparse
import json
import math
import random
import resource
import sys
import time
from pathlib import Path

import sentencepiece
import torch
from torch import Tensor, nn
from torch.nn import functional

PADDING, BEGIN, END = 1, 2, 3
LONGEST = 512
MASKED = -1e9


class Translator(nn.Module):
    """PyTorch's own transformer between tied embeddings, with dropout in all its places."""

    def __init__(self, options: argparse.Namespace, vocabulary: int) -> None:
        super().__init__()
        self.dropout = options.dropout
        self.embedding = nn.Embedding(vocabulary, options.d_model, padding_idx=PADDING)
        nn.init.normal_(self.embedding.weight, std=options.d_model**-0.5)
        self.body = nn.Transformer(
            options.d_model,
            options.heads,
            options.layers,
            options.layers,
            options.d_ff,
            options.dropout,
            batch_first=True,
            norm_first=True,
        )
        place = torch.arange(float(LONGEST)).unsqueeze(1)
        rate = torch.exp(torch.arange(0, options.d_model, 2) * (-math.log(10_000.0) / options.d_model))
        table = torch.stack([torch.sin(place * rate), torch.cos(place * rate)], dim=2).flatten(1)
        self.register_buffer("positions", table)

    def embed(self, tokens: Tensor) -> Tensor:
        scaled = self.embedding(tokens) * math.sqrt(self.embedding.embedding_dim)
        return functional.dropout(scaled + self.positions[: tokens.shape[1]], self.dropout, self.training)

    def encode(self, source: Tensor) -> Tensor:
        return self.body.encoder(self.embed(source), src_key_padding_mask=padding(source))

    def decode(self, target: Tensor, memory: Tensor, source: Tensor) -> Tensor:
        """Hidden states of known targets."""
        return self.body.decoder(
            self.embed(target),
            memory,
            tgt_mask=nn.Transformer.generate_square_subsequent_mask(target.shape[1]),
            tgt_is_causal=True,
            tgt_key_padding_mask=padding(target),
            memory_key_padding_mask=padding(source),
        )

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Logits of known targets."""
        return self.logits(self.decode(target, self.encode(source), source))

    def logits(self, hidden: Tensor) -> Tensor:
        return functional.linear(hidden, self.embedding.weight)


def padding(tokens: Tensor) -> Tensor:
    """What is added to attention's scores: nothing, or very little chance for padding."""
    return torch.where(tokens == PADDING, MASKED, 0.0)


def padded(sequences: list[list[int]]) -> Tensor:
    longest = max(map(len, sequences))
    return torch.tensor([sequence + [PADDING] * (longest - len(sequence)) for sequence in sequences])


def batches(pairs: list[tuple[list[int], list[int]]], tokens: int):
    """Endless epochs of batches, sorted by length and then shuffled, of at most `tokens` padded positions."""
    longest = [max(len(source), len(target)) for source, target in pairs]
    while True:
        order = list(range(len(pairs)))
        random.shuffle(order)
        order.sort(key=lambda sample: (len(pairs[sample][1]), len(pairs[sample][0])))
        epoch: list[list[int]] = [[]]
        width = 0
        for sample in order:
            width = max(width, longest[sample])
            if epoch[-1] and width * (len(epoch[-1]) + 1) > tokens:
                epoch.append([])
                width = longest[sample]
            epoch[-1].append(sample)
        random.shuffle(epoch)
        for batch in epoch:
            yield padded([pairs[sample][0] for sample in batch]), padded([pairs[sample][1] for sample in batch])


def train(options: argparse.Namespace, model: Translator, pairs) -> dict:
    optimizer = torch.optim.Adam(
        model.parameters(), options.learning_rate, betas=(0.9, 0.98), eps=1e-8, fused=options.fused
    )
    forward = torch.compile(model, dynamic=True) if options.compile else model
    bfloat16 = torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bfloat16")
    warm_up = options.schedule_warm_up
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm_up, math.sqrt(warm_up / (step + 1)))
    )
    began = measured_from = time.perf_counter()
    target_tokens = steps = 0
    loss = torch.tensor(math.nan)
    for step, (source, target) in enumerate(batches(pairs, options.tokens), start=1):
        with bfloat16:
            logits = forward(source, target[:, :-1])
        loss = functional.cross_entropy(
            logits.float().flatten(0, 1),
            target[:, 1:].flatten(),
            ignore_index=PADDING,
            label_smoothing=0.1,
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()

        if step <= options.warm_up:
            measured_from = time.perf_counter()
        else:
            steps += 1
            target_tokens += int((target[:, 1:] != PADDING).sum())
        minutes = (time.perf_counter() - began) / 60
        if options.minutes is not None and step % 200 == 0:
            print(f"step {step}, {minutes:.1f} minutes, loss {loss.item():.3f}", file=sys.stderr, flush=True)
        if minutes >= options.minutes if options.minutes is not None else steps >= options.steps:
            break
    seconds = time.perf_counter() - measured_from
    return {
        "steps": steps,
        "seconds": seconds,
        "seconds_per_step": seconds / max(steps, 1),
        "target_tokens": target_tokens,
        "target_tokens_per_second": target_tokens / seconds,
        "last_loss": loss.item(),
    }


@torch.no_grad()
def translate(model: Translator, pieces, lines: list[str]) -> list[str]:
    """Greedy translations, 50 lines at a time."""
    model.eval()
    written = []
    for start in range(0, len(lines), 50):
        source = padded([pieces.encode(line) + [END] for line in lines[start : start + 50]])
        memory = model.encode(source)
        target = torch.full((source.shape[0], 1), BEGIN)
        while target.shape[1] <= 80 and not (target == END).any(1).all():
            best = model.logits(model.decode(target, memory, source)[:, -1:]).argmax(-1)
            target = torch.cat([target, best], 1)
        for row in target[:, 1:].tolist():
            written.append(pieces.decode(row[: row.index(END)] if END in row else row))
    return written


def read(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("pieces", type=Path)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--warm-up", type=int, default=5, help="steps before the first that counts")
    parser.add_argument("--minutes", type=float, help="train for this long instead of --steps")
    parser.add_argument("--test", type=Path, nargs=2, metavar=("SOURCE", "REFERENCE"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--d-model", type=int, default=128)
    parser.add_argument("--d-ff", type=int, default=256)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=4096, help="positions of a batch's longer side")
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32", help="bfloat16 by autocast")
    parser.add_argument("--fused", action="store_true", help="the optimizer in one loop")
    parser.add_argument("--compile", action="store_true", help="torch.compile, for all shapes")
    parser.add_argument("--learning-rate", type=float, default=5e-3)
    parser.add_argument("--schedule-warm-up", type=int, default=2000)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    random.seed(1)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(options.pieces))
    pairs = [
        (pieces.encode(source) + [END], [BEGIN] + pieces.encode(target) + [END])
        for source, target in zip(read(options.source), read(options.target), strict=True)
    ]
    model = Translator(options, pieces.get_piece_size())
    report = {
        "peer": f"torch {torch.__version__}",
        "threads": options.threads,
        "precision": options.precision,
        "fused": options.fused,
        "compile": options.compile,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        **train(options, model, pairs),
        "peak_resident_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
    if options.test:
        import sacrebleu

        references = [read(options.test[1])]
        written = translate(model, pieces, read(options.test[0]))
        report["bleu"] = sacrebleu.corpus_bleu(written, references).score
        report["bleu_lowercase"] = sacrebleu.corpus_bleu(written, references, lowercase=True).score
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
