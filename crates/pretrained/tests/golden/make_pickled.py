"""Files of weights as torch.save writes them.

    python crates/pretrained/tests/golden/make_pickled.py

Made with PyTorch 2.9.0 and transformers 4.57. Writes the folder `pickled` beside this file:

- `tensors.bin`, a dictionary with each kind of tensor that is read and some that are not, and `tensors.json` with the shape
  and the values of each; `early.bin` is a tensor in the format before PyTorch 1.6, `protocol_4.bin` one of another protocol.
- `hostile.bin`, whose loading by Python would run a command (`true`); `negated.bin`, `repeated.bin`, `eighths.bin` and
  `nested.bin`, which PyTorch alone reads.
- `whole/pytorch_model.bin`, the weights of the folder `gpt2` as `save_pretrained` writes them, and `shards/` with the same
  in two files and their list.
"""
import collections
import json
import os
import pathlib
import shutil

import torch
from transformers import GPT2LMHeadModel

HERE = pathlib.Path(__file__).parent / "pickled"


class Command:
    def __reduce__(self):
        return os.system, ("true",)


def save_tensors():
    table = torch.arange(12.0).reshape(4, 3) / 8
    tensors = collections.OrderedDict(
        float32=table, float16=(table - 1).half(), bfloat16=(table * 3).bfloat16(), view=table[1:3], columns=table[:, 1:],
        transposed=table.t(), every_second=table[::2], shared=table, scalar=torch.tensor(2.5), empty=torch.zeros(0, 3),
        parameter=torch.nn.Parameter(table.clone() + 1), cube=torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1))
    others = dict(position_ids=torch.arange(4).unsqueeze(0), mask=torch.tensor([True, False]), double=table.double(),
                  byte=torch.ones(3, dtype=torch.uint8))
    values = {name: {"shape": list(tensor.shape), "values": tensor.float().flatten().tolist()}
              for name, tensor in tensors.items()}
    values |= {name: {"shape": list(tensor.shape), "values": None} for name, tensor in others.items()}
    tensors.update(others)
    # What `Module.state_dict` keeps beside its tensors.
    tensors._metadata = collections.OrderedDict({"": {"version": 1}, "layer.norm": {"version": 2, "ratio": 0.5}})
    torch.save(tensors, HERE / "tensors.bin")
    (HERE / "tensors.json").write_text(json.dumps(values, separators=(",", ":")) + "\n")
    torch.save({"weight": table}, HERE / "early.bin", _use_new_zipfile_serialization=False)
    torch.save({"weight": table}, HERE / "protocol_4.bin", pickle_protocol=4)
    torch.save({"weight": table, "more": Command()}, HERE / "hostile.bin")
    torch.save({"weight": torch.complex(table, table).conj().imag}, HERE / "negated.bin")
    torch.save({"weight": table[:1].expand(1000, 3)}, HERE / "repeated.bin")
    torch.save({"weight": table.to(torch.float8_e4m3fn)}, HERE / "eighths.bin")
    torch.save({"step": 3, "model": {"weight": table}}, HERE / "nested.bin")


def save_models():
    model = GPT2LMHeadModel.from_pretrained(HERE.parent / "gpt2", dtype=torch.float32)
    for name, size in {"whole": "5GB", "shards": "12KB"}.items():
        model.save_pretrained(HERE / name, safe_serialization=False, max_shard_size=size)


if __name__ == "__main__":
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir()
    save_tensors()
    save_models()
    for file in sorted(HERE.rglob("*")):
        if file.is_file():
            print(f"{file.relative_to(HERE)}: {file.stat().st_size} bytes")
