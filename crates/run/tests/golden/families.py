"""The golden values of families.rs: small models of well-known families as other people's code computes them.

    python crates/run/tests/golden/families.py

Made with PyTorch 2.9.0, transformers 4.57 and safetensors 0.6. Writes family_NAME.safetensors beside this file for
each family that `Architecture::families` knows: random weights under the names that any2any gives them, the tokens that
go in (`input/...`, as 32-bit floats) and the logits that come out (`output/logits`). Padding stands at the end of rows.
The models are transformers' own; SSRU, which it does not have, follows Kim et al. 2019 on PyTorch's layers.
"""
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import (BartConfig, BartForConditionalGeneration, GPT2Config, GPT2LMHeadModel, M2M100Config,
                          M2M100ForConditionalGeneration, MarianConfig, MarianMTModel, T5Config,
                          T5ForConditionalGeneration, TrOCRConfig, ViTConfig, WhisperConfig)
from transformers.models.trocr.modeling_trocr import TrOCRDecoder
from transformers.models.vit.modeling_vit import ViTLayer
from transformers.models.whisper.modeling_whisper import WhisperDecoder, WhisperEncoderLayer, sinusoids

VOCABULARY, D_MODEL, D_FF, HEADS, LAYERS, PAD = 19, 16, 24, 4, 2, 1
SOURCE = torch.tensor([[5, 9, 4, 7, 3, 6, 2, 18, 12, 3], [8, 6, 3, PAD, PAD, PAD, PAD, PAD, PAD, PAD],
                       [17, 18, 11, 4, 4, 3, PAD, PAD, PAD, PAD]])
LENGTHS = torch.tensor([10, 3, 6])
TARGET = torch.tensor([[2, 6, 7, 12, 5, 9, 18, 3, 4, 4, 15, 11], [2, 10, 10, 4, 13, 12, 17, 2, 6, 6, 8, 9],
                       [2, 16, 15, 4, 3, 3, 9, 5, 14, 12, 7, 2]])
MASK = (torch.arange(SOURCE.shape[1])[None] < LENGTHS[:, None]).long()


def randomise(model):
    """No parameter and no bias of logits is left at the value that training starts with."""
    for name, parameter in model.named_parameters():
        # Marian's sines and cosines are parameters that nothing trains.
        if not parameter.requires_grad:
            continue
        nn.init.normal_(parameter, mean=1.0 if "norm" in name and name.endswith("weight") else 0.0, std=0.3)
    for name, buffer in model.named_buffers():
        if name == "final_logits_bias":
            buffer.normal_(std=0.3)
    return model.eval()


def linear(ours, weight, bias=None):
    """PyTorch keeps a matrix transposed to ours."""
    return {f"{ours}.weight": weight.T} | ({} if bias is None else {f"{ours}.bias": bias})


def module(ours, layer):
    return linear(ours, layer.weight, getattr(layer, "bias", None))


def norm(ours, layer):
    named = {f"{ours}.weight": layer.weight}
    return named if getattr(layer, "bias", None) is None else named | {f"{ours}.bias": layer.bias}


def attention(ours, layer):
    parts = {"query": layer.q_proj, "key": layer.k_proj, "value": layer.v_proj, "output": layer.out_proj}
    return {key: value for name, part in parts.items() for key, value in module(f"{ours}.{name}", part).items()}


def bart_layers(ours, layers):
    """Layers in the words of BART, which Marian, M2M-100 and Whisper share."""
    named = {}
    for number, layer in enumerate(layers):
        path = f"{ours}.layers.{number}"
        named |= attention(f"{path}.self_attention", layer.self_attn)
        named |= norm(f"{path}.self_attention_norm", layer.self_attn_layer_norm)
        if hasattr(layer, "encoder_attn"):
            named |= attention(f"{path}.cross_attention", layer.encoder_attn)
            named |= norm(f"{path}.cross_attention_norm", layer.encoder_attn_layer_norm)
        named |= module(f"{path}.feed_forward.inner", layer.fc1) | module(f"{path}.feed_forward.outer", layer.fc2)
        named |= norm(f"{path}.feed_forward_norm", layer.final_layer_norm)
    return named


def write(name, named, logits, source=SOURCE):
    named |= {"input/source": source, "input/lengths": LENGTHS, "input/target": TARGET, "output/logits": logits}
    named = {key: tensor.detach().float().contiguous().clone() for key, tensor in named.items()}
    save_file(named, pathlib.Path(__file__).parent / f"family_{name}.safetensors")
    print(name, logits.abs().max().item())


SIZES = dict(vocab_size=VOCABULARY, d_model=D_MODEL, encoder_layers=LAYERS, decoder_layers=LAYERS,
             encoder_attention_heads=HEADS, decoder_attention_heads=HEADS, encoder_ffn_dim=D_FF, decoder_ffn_dim=D_FF,
             dropout=0.0, attention_dropout=0.0, activation_dropout=0.0, pad_token_id=PAD, bos_token_id=0,
             eos_token_id=2, decoder_start_token_id=2, forced_eos_token_id=None, attn_implementation="eager")


def encoder_decoder(name, model):
    randomise(model)
    with torch.no_grad():
        logits = model(input_ids=SOURCE, attention_mask=MASK, decoder_input_ids=TARGET,
                       decoder_attention_mask=torch.ones_like(TARGET)).logits
    body = model.model
    named = {"stems.text.target.table": body.shared.weight}
    named |= bart_layers("encoder", body.encoder.layers) | bart_layers("decoder", body.decoder.layers)
    for ours, stack in (("encoder", body.encoder), ("decoder", body.decoder)):
        if name == "bart":
            named |= {f"{ours}.positions.table": stack.embed_positions.weight}
            named |= norm(f"{ours}.embedding_norm", stack.layernorm_embedding)
        if name == "m2m_100":
            named |= norm(f"{ours}.norm", stack.layer_norm)
    if name in ("bart", "marian"):
        named |= {"heads.text.target.bias": model.final_logits_bias[0]}
    write(name, named, logits)


def t5():
    config = T5Config(vocab_size=VOCABULARY, d_model=D_MODEL, d_kv=6, d_ff=20, num_layers=LAYERS, num_heads=3,
                      relative_attention_num_buckets=8, relative_attention_max_distance=20, dropout_rate=0.0,
                      feed_forward_proj="gated-gelu", tie_word_embeddings=True, pad_token_id=PAD,
                      decoder_start_token_id=2)
    model = randomise(T5ForConditionalGeneration(config))
    with torch.no_grad():
        logits = model(input_ids=SOURCE, attention_mask=MASK, decoder_input_ids=TARGET).logits

    def t5_attention(ours, layer):
        parts = {"query": layer.q, "key": layer.k, "value": layer.v, "output": layer.o}
        return {key: value for name, part in parts.items() for key, value in module(f"{ours}.{name}", part).items()}

    named = {"stems.text.target.table": model.shared.weight}
    for ours, stack in (("encoder", model.encoder), ("decoder", model.decoder)):
        bias = stack.block[0].layer[0].SelfAttention.relative_attention_bias
        named |= {f"{ours}.positions.table": bias.weight} | norm(f"{ours}.norm", stack.final_layer_norm)
        for number, block in enumerate(stack.block):
            path = f"{ours}.layers.{number}"
            named |= t5_attention(f"{path}.self_attention", block.layer[0].SelfAttention)
            named |= norm(f"{path}.self_attention_norm", block.layer[0].layer_norm)
            if ours == "decoder":
                named |= t5_attention(f"{path}.cross_attention", block.layer[1].EncDecAttention)
                named |= norm(f"{path}.cross_attention_norm", block.layer[1].layer_norm)
            dense = block.layer[-1].DenseReluDense
            named |= module(f"{path}.feed_forward.gate", dense.wi_0) | module(f"{path}.feed_forward.inner", dense.wi_1)
            named |= module(f"{path}.feed_forward.outer", dense.wo)
            named |= norm(f"{path}.feed_forward_norm", block.layer[-1].layer_norm)
    write("t5", named, logits)


def gpt():
    config = GPT2Config(vocab_size=VOCABULARY, n_embd=D_MODEL, n_layer=LAYERS, n_head=HEADS, n_inner=D_FF,
                        n_positions=32, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, attn_implementation="eager")
    model = GPT2LMHeadModel(config)
    for name, parameter in model.named_parameters():
        nn.init.normal_(parameter, mean=1.0 if ".ln_" in name and name.endswith("weight") else 0.0, std=0.3)
    model.eval()
    with torch.no_grad():
        logits = model(input_ids=TARGET).logits
    body = model.transformer
    named = {"stems.text.target.table": body.wte.weight, "decoder.positions.table": body.wpe.weight}
    named |= norm("decoder.norm", body.ln_f)
    # Its matrices are transposed to those of PyTorch.
    conv = lambda ours, layer: {f"{ours}.weight": layer.weight, f"{ours}.bias": layer.bias}
    for number, block in enumerate(body.h):
        path = f"decoder.layers.{number}"
        weights, biases = block.attn.c_attn.weight.chunk(3, dim=1), block.attn.c_attn.bias.chunk(3)
        for part, weight, bias in zip(("query", "key", "value"), weights, biases):
            named |= {f"{path}.self_attention.{part}.weight": weight, f"{path}.self_attention.{part}.bias": bias}
        named |= conv(f"{path}.self_attention.output", block.attn.c_proj)
        named |= norm(f"{path}.self_attention_norm", block.ln_1) | norm(f"{path}.feed_forward_norm", block.ln_2)
        named |= conv(f"{path}.feed_forward.inner", block.mlp.c_fc)
        named |= conv(f"{path}.feed_forward.outer", block.mlp.c_proj)
    write("gpt", named, logits)


def whisper():
    """Its layers over tokens in the place of frames, since entrances are another matter."""
    config = WhisperConfig(**SIZES, max_target_positions=32, scale_embedding=False, activation_function="gelu")
    layers = randomise(nn.ModuleList(WhisperEncoderLayer(config) for _ in range(LAYERS)))
    last = randomise(nn.ModuleDict({"layer_norm": nn.LayerNorm(D_MODEL)}))["layer_norm"]
    decoder = randomise(WhisperDecoder(config))
    table = decoder.embed_tokens.weight
    hidden = MASK[:, None, None, :] == 0
    mask = torch.zeros(hidden.shape).masked_fill(hidden, torch.finfo(torch.float32).min)
    logits = []
    with torch.no_grad():
        # The decoder knows no padding of what it reads: one row at a time.
        for row in range(SOURCE.shape[0]):
            states = table[SOURCE[row:row + 1]] + sinusoids(SOURCE.shape[1], D_MODEL)
            for layer in layers:
                states = layer(states, mask[row:row + 1], None)[0]
            states = last(states)[:, :LENGTHS[row]]
            hidden = decoder(input_ids=TARGET[row:row + 1], encoder_hidden_states=states).last_hidden_state
            logits.append(hidden @ table.T)
    named = {"stems.text.target.table": table, "decoder.positions.table": decoder.embed_positions.weight}
    named |= bart_layers("encoder", layers) | bart_layers("decoder", decoder.layers)
    named |= norm("encoder.norm", last) | norm("decoder.norm", decoder.layer_norm)
    write("whisper", named, torch.cat(logits))


def vision():
    """Its layers over any number of frames in the place of a picture's patches, behind two tokens."""
    width, d_encoder = 12, 20
    config = ViTConfig(hidden_size=d_encoder, num_attention_heads=2, intermediate_size=D_FF, qkv_bias=False,
                       hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, layer_norm_eps=1e-5,
                       attn_implementation="eager")
    layers = randomise(nn.ModuleList(ViTLayer(config) for _ in range(LAYERS)))
    ends = randomise(nn.ModuleDict({"projection": nn.Linear(width, d_encoder), "tokens": nn.Embedding(2, d_encoder),
                                    "positions": nn.Embedding(22, d_encoder), "norm": nn.LayerNorm(d_encoder)}))
    decoder = randomise(TrOCRDecoder(TrOCRConfig(
        vocab_size=VOCABULARY, d_model=D_MODEL, decoder_layers=LAYERS, decoder_attention_heads=HEADS, decoder_ffn_dim=D_FF,
        max_position_embeddings=32, cross_attention_hidden_size=d_encoder, dropout=0.0, scale_embedding=True,
        is_decoder=True)))
    table = decoder.embed_tokens.weight
    frames = torch.randn(*SOURCE.shape, width)
    logits = []
    with torch.no_grad():
        # Nothing knows a padding of frames: one row at a time.
        for row, length in enumerate(LENGTHS.tolist()):
            states = torch.cat([ends["tokens"].weight, ends["projection"](frames[row, :length])])[None]
            states = states + ends["positions"].weight[:length + 2]
            for layer in layers:
                found = layer(states)
                states = found if torch.is_tensor(found) else found[0]
            states = ends["norm"](states)
            hidden = decoder(input_ids=TARGET[row:row + 1], encoder_hidden_states=states).last_hidden_state
            logits.append(hidden @ table.T)
    named = {"stems.text.target.table": table, "stems.text.source.class_tokens": ends["tokens"].weight,
             "encoder.positions.table": ends["positions"].weight,
             "decoder.positions.table": decoder.embed_positions.weight}
    named |= module("stems.text.source", ends["projection"]) | norm("encoder.norm", ends["norm"])
    for number, layer in enumerate(layers):
        path, own = f"encoder.layers.{number}", layer.attention.attention
        parts = {"query": own.query, "key": own.key, "value": own.value, "output": layer.attention.output.dense}
        for part, linear_layer in parts.items():
            named |= module(f"{path}.self_attention.{part}", linear_layer)
        named |= module(f"{path}.feed_forward.inner", layer.intermediate.dense)
        named |= module(f"{path}.feed_forward.outer", layer.output.dense)
        named |= norm(f"{path}.self_attention_norm", layer.layernorm_before)
        named |= norm(f"{path}.feed_forward_norm", layer.layernorm_after)
    named |= bart_layers("decoder", decoder.layers) | norm("decoder.embedding_norm", decoder.layernorm_embedding)
    write("vision_encoder-decoder", named, torch.cat(logits), frames)


class Ssru(nn.Module):
    def __init__(self):
        super().__init__()
        self.candidate, self.forget = nn.Linear(D_MODEL, D_MODEL, bias=False), nn.Linear(D_MODEL, D_MODEL)

    def forward(self, hidden_states, **_):
        cell, cells = torch.zeros(hidden_states.shape[0], D_MODEL), []
        for position in range(hidden_states.shape[1]):
            forget = torch.sigmoid(self.forget(hidden_states[:, position]))
            cell = forget * cell + (1 - forget) * self.candidate(hidden_states[:, position])
            cells.append(torch.relu(cell))
        return torch.stack(cells, dim=1), None


def bergamot():
    """Marian's model with SSRU in the place of the decoder's self-attention."""
    model = MarianMTModel(MarianConfig(**SIZES, max_position_embeddings=32, scale_embedding=True,
                                       activation_function="swish"))
    for layer in model.model.decoder.layers:
        layer.self_attn = Ssru()
    randomise(model)
    with torch.no_grad():
        logits = model(input_ids=SOURCE, attention_mask=MASK, decoder_input_ids=TARGET, use_cache=False).logits
    body = model.model
    named = {"stems.text.target.table": body.shared.weight, "heads.text.target.bias": model.final_logits_bias[0]}
    named |= bart_layers("encoder", body.encoder.layers)
    for number, layer in enumerate(body.decoder.layers):
        path = f"decoder.layers.{number}"
        named |= module(f"{path}.ssru.candidate", layer.self_attn.candidate)
        named |= module(f"{path}.ssru.forget", layer.self_attn.forget)
        named |= norm(f"{path}.ssru_norm", layer.self_attn_layer_norm)
        named |= attention(f"{path}.cross_attention", layer.encoder_attn)
        named |= norm(f"{path}.cross_attention_norm", layer.encoder_attn_layer_norm)
        named |= module(f"{path}.feed_forward.inner", layer.fc1) | module(f"{path}.feed_forward.outer", layer.fc2)
        named |= norm(f"{path}.feed_forward_norm", layer.final_layer_norm)
    write("bergamot", named, logits)


torch.manual_seed(7)
encoder_decoder("bart", BartForConditionalGeneration(BartConfig(**SIZES, max_position_embeddings=32,
                                                                scale_embedding=True, activation_function="gelu")))
encoder_decoder("marian", MarianMTModel(MarianConfig(**SIZES, max_position_embeddings=32, scale_embedding=True,
                                                     activation_function="swish")))
encoder_decoder("m2m_100", M2M100ForConditionalGeneration(M2M100Config(**SIZES, max_position_embeddings=32,
                                                                       scale_embedding=True,
                                                                       activation_function="relu")))
t5()
gpt()
whisper()
bergamot()
torch.manual_seed(7)
vision()
