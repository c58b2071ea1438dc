"""The golden values of parity.rs: a plain PyTorch transformer, its weights and its logits.

    python crates/run/tests/golden/transformer.py

Made with PyTorch 2.9.0 and safetensors 0.6. Writes transformer_{pre,post}.safetensors beside this file: the
weights under the names that any2any gives them, the tokens that go in (`input/...`, as 32-bit floats) and the
logits that come out (`output/logits`). Embeddings are tied, positions sinusoidal, dropout off, as in the paper.
"""
import math
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn

VOCABULARY, D_MODEL, D_FF, HEADS, LAYERS, PAD = 19, 16, 24, 4, 2, 0
SOURCE = torch.tensor([[5, 9, 4, 7, 3], [8, 6, 3, PAD, PAD], [17, 18, 11, 3, PAD]])
TARGET = torch.tensor([[2, 6, 7, 12], [2, 10, PAD, PAD], [2, 16, 15, PAD]])


def positions(length):
    at = torch.arange(length, dtype=torch.float64)[:, None]
    frequency = torch.exp(torch.arange(0, D_MODEL, 2, dtype=torch.float64) * (-math.log(10_000.0) / D_MODEL))
    table = torch.zeros(length, D_MODEL, dtype=torch.float64)
    table[:, 0::2], table[:, 1::2] = torch.sin(at * frequency), torch.cos(at * frequency)
    return table.float()


def attention(ours, module):
    """PyTorch keeps query, key and value in one matrix, transposed to ours."""
    named = {}
    parts = zip(("query", "key", "value"), module.in_proj_weight.chunk(3), module.in_proj_bias.chunk(3))
    for name, weight, bias in parts:
        named[f"{ours}.{name}.weight"], named[f"{ours}.{name}.bias"] = weight.T, bias
    named[f"{ours}.output.weight"], named[f"{ours}.output.bias"] = module.out_proj.weight.T, module.out_proj.bias
    return named


def norm(ours, module):
    return {f"{ours}.gamma": module.weight, f"{ours}.beta": module.bias}


def feed_forward(ours, layer):
    return {
        f"{ours}.inner.weight": layer.linear1.weight.T, f"{ours}.inner.bias": layer.linear1.bias,
        f"{ours}.outer.weight": layer.linear2.weight.T, f"{ours}.outer.bias": layer.linear2.bias,
    }


def make(pre_norm):
    torch.manual_seed(7)
    options = dict(dim_feedforward=D_FF, dropout=0.0, activation="relu", batch_first=True, norm_first=pre_norm)
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(D_MODEL, HEADS, **options), LAYERS,
                                    nn.LayerNorm(D_MODEL) if pre_norm else None, enable_nested_tensor=False)
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(D_MODEL, HEADS, **options), LAYERS,
                                    nn.LayerNorm(D_MODEL) if pre_norm else None)
    table = torch.randn(VOCABULARY, D_MODEL) * D_MODEL ** -0.5
    # Layers of a stack start as copies of one another, and norms and biases as constants: tell them all apart.
    for parameter in [*encoder.parameters(), *decoder.parameters()]:
        nn.init.normal_(parameter, mean=1.0 if parameter.dim() == 1 else 0.0, std=0.3)

    embed = lambda tokens: table[tokens] * math.sqrt(D_MODEL) + positions(tokens.shape[1])
    causal = torch.triu(torch.ones(TARGET.shape[1], TARGET.shape[1], dtype=torch.bool), 1)
    with torch.no_grad():
        memory = encoder(embed(SOURCE), src_key_padding_mask=SOURCE == PAD)
        hidden = decoder(embed(TARGET), memory, tgt_mask=causal, memory_key_padding_mask=SOURCE == PAD)
        logits = hidden @ table.T

    named = {"stems.0.Lookup.table": table}
    for number, layer in enumerate(encoder.layers):
        ours = f"body.Transformer.encoder.layers.{number}"
        named |= attention(f"{ours}.attention", layer.self_attn) | norm(f"{ours}.attention_residual.norm", layer.norm1)
        named |= feed_forward(f"{ours}.feed_forward", layer) | norm(f"{ours}.feed_forward_residual.norm", layer.norm2)
    for number, layer in enumerate(decoder.layers):
        ours = f"body.Transformer.decoder.layers.{number}"
        named |= attention(f"{ours}.own", layer.self_attn) | norm(f"{ours}.own_residual.norm", layer.norm1)
        named |= attention(f"{ours}.cross.attention", layer.multihead_attn)
        named |= norm(f"{ours}.cross.residual.norm", layer.norm2)
        named |= feed_forward(f"{ours}.feed_forward", layer) | norm(f"{ours}.feed_forward_residual.norm", layer.norm3)
    if pre_norm:
        named |= norm("body.Transformer.encoder.norm", encoder.norm)
        named |= norm("body.Transformer.decoder.norm", decoder.norm)
    named |= {"input/source": SOURCE.float(), "input/target": TARGET.float(), "output/logits": logits}
    folder = pathlib.Path(__file__).parent
    named = {name: tensor.detach().float().contiguous().clone() for name, tensor in named.items()}
    save_file(named, folder / f"transformer_{'pre' if pre_norm else 'post'}.safetensors")
    print("pre" if pre_norm else "post", logits.abs().max().item())


make(pre_norm=True)
make(pre_norm=False)
