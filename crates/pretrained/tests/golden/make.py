"""Small models of each family as transformers saves them, and what they answer.

    python crates/pretrained/tests/golden/make.py

Made with PyTorch 2.9.0, transformers 4.57 and safetensors 0.8. Writes a folder for each model beside this file:
`config.json`, `generation_config.json` and weights by `save_pretrained`, and `golden.json` with sources of several lengths,
targets that the decoder is fed, the logits that transformers gives for them, and what it writes greedily for twenty
sources. Weights are random; each folder is read again before anything is computed, so that rounded ones are taken as they
stand in the file.
"""
import json
import pathlib
import shutil

import torch
from torch import nn
from transformers import (BartConfig, BartForConditionalGeneration, DeiTConfig, GenerationMixin, GPT2Config,
                          GPT2LMHeadModel, M2M100Config, M2M100ForConditionalGeneration, MarianConfig, MarianMTModel,
                          MBartConfig, MBartForConditionalGeneration, PegasusConfig, PegasusForConditionalGeneration,
                          T5Config, T5ForConditionalGeneration, TrOCRConfig, VisionEncoderDecoderConfig,
                          VisionEncoderDecoderModel, ViTConfig, WhisperConfig, WhisperForConditionalGeneration)

HERE = pathlib.Path(__file__).parent
VOCABULARY, MEL, FRAMES, LONGEST = 40, 5, 24, 14
SIDE, PATCH = 12, 4


def randomise(model):
    """No parameter and no bias of logits is left at the value that training starts with."""
    for name, parameter in model.named_parameters():
        # Sines and cosines are parameters that nothing trains.
        if not parameter.requires_grad:
            continue
        is_gain = ("norm" in name or ".ln_" in name) and name.endswith("weight")
        nn.init.normal_(parameter, mean=1.0 if is_gain else 0.0, std=0.3)
    for name, buffer in model.named_buffers():
        if name == "final_logits_bias":
            buffer.normal_(std=0.3)
        # What it holds is never read, and was never set.
        if name.endswith("_float_tensor"):
            buffer.zero_()
    return model


def sentences(count, longest):
    """None has a token with a role: `generate` takes padding inside of a sentence as its end."""
    lengths = torch.randint(2, longest + 1, (count,)).tolist()
    return [torch.randint(4, VOCABULARY - 1, (length,)).tolist() for length in lengths]


def rounded(tensor):
    return [[round(value, 6) for value in row] for row in tensor.tolist()]


def of_text(model, begin):
    """Padding stands behind sentences, and no answer may depend on it."""
    config = model.config
    sources = sentences(3, 9)
    sources[0] = (sources[0] * 9)[:9]
    padded = [source + [config.pad_token_id] * (9 - len(source)) for source in sources]
    mask = [[1] * len(source) + [0] * (9 - len(source)) for source in sources]
    targets = torch.randint(4, VOCABULARY, (3, 10))
    targets[:, 0] = begin
    logits = model(input_ids=torch.tensor(padded), attention_mask=torch.tensor(mask), decoder_input_ids=targets).logits
    inputs = sentences(20, 9)
    outputs = [model.generate(torch.tensor([tokens]), num_beams=1, do_sample=False)[0].tolist() for tokens in inputs]
    return {"sources": sources, "targets": targets.tolist(), "logits": [rounded(row) for row in logits],
            "inputs": inputs, "outputs": outputs}


def of_language(model):
    targets = torch.randint(4, VOCABULARY, (3, 10))
    logits = model(input_ids=targets).logits
    inputs = sentences(20, 9)
    outputs = [model.generate(torch.tensor([tokens]), num_beams=1, do_sample=False)[0].tolist() for tokens in inputs]
    return {"sources": [], "targets": targets.tolist(), "logits": [rounded(row) for row in logits],
            "inputs": inputs, "outputs": outputs}


def of_sounds(model):
    """Frames of log mel energies, as many as the encoder reads; frames stand one after the other here."""
    features = (torch.randn(20, MEL, FRAMES) * 100).round() / 100
    targets = torch.randint(4, VOCABULARY, (3, 10))
    logits = model(input_features=features[:3], decoder_input_ids=targets).logits
    start = torch.tensor([[model.config.decoder_start_token_id]])
    # Whisper's own `generate` is for its languages and times.
    outputs = [GenerationMixin.generate(model, input_features=one[None], decoder_input_ids=start, num_beams=1,
                                        do_sample=False)[0].tolist() for one in features]
    frames = [rounded(one.T) for one in features]
    return {"sources": frames[:3], "targets": targets.tolist(), "logits": [rounded(row) for row in logits],
            "inputs": frames, "outputs": outputs}


def of_pictures(model):
    """Patches row by row, each a frame here: its pixels row by row, red, green and blue beside one another."""
    pictures = (torch.randn(20, 3, SIDE, SIDE) * 100).round() / 100
    targets = torch.randint(4, VOCABULARY, (3, 10))
    targets[:, 0] = 2
    logits = model(pixel_values=pictures[:3], decoder_input_ids=targets).logits
    outputs = [model.generate(pixel_values=one[None], num_beams=1, do_sample=False)[0].tolist() for one in pictures]
    across = SIDE // PATCH
    patches = pictures.reshape(20, 3, across, PATCH, across, PATCH).permute(0, 2, 4, 3, 5, 1).reshape(20, across**2, -1)
    frames = [rounded(one) for one in patches]
    return {"sources": frames[:3], "targets": targets.tolist(), "logits": [rounded(row) for row in logits],
            "inputs": frames, "outputs": outputs}


def vision(encoder, decoder):
    """The decoder is told the encoder's width where it attends to it as it is; else the output is projected to its own."""
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    config.decoder_start_token_id, config.pad_token_id, config.eos_token_id = 2, 1, 3
    return VisionEncoderDecoderModel(config)


def make(name, model, answer, dtype=torch.float32, shards="5GB", **generation):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    randomise(model)
    for option, value in {"max_length": LONGEST, **generation}.items():
        setattr(model.generation_config, option, value)
    model.to(dtype).save_pretrained(folder, max_shard_size=shards)
    model = type(model).from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        golden = answer(model)
    (folder / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    size = sum(file.stat().st_size for file in folder.iterdir())
    logits = torch.tensor(golden["logits"])
    print(f"{name}: {size} bytes, logits up to {logits.abs().max():.2f}, "
          f"{len({tuple(output) for output in golden['outputs']})} outputs")


SIZES = dict(vocab_size=VOCABULARY, d_model=16, encoder_layers=2, decoder_layers=3, encoder_attention_heads=4,
             decoder_attention_heads=2, encoder_ffn_dim=24, decoder_ffn_dim=20, max_position_embeddings=32)
T5 = dict(vocab_size=VOCABULARY, d_model=16, d_kv=6, d_ff=20, num_layers=2, num_decoder_layers=1, num_heads=3,
          relative_attention_num_buckets=8, relative_attention_max_distance=20, decoder_start_token_id=0)
MARIAN = dict(pad_token_id=39, eos_token_id=0, forced_eos_token_id=0, decoder_start_token_id=39)

if __name__ == "__main__":
    torch.manual_seed(7)
    make("marian", MarianMTModel(MarianConfig(**SIZES, **MARIAN, scale_embedding=True, activation_function="swish",
                                              static_position_embeddings=True, normalize_before=False)),
         lambda model: of_text(model, 39), bad_words_ids=[[39]], num_beams=4, length_penalty=0.8, early_stopping=True)
    make("marian_apart", MarianMTModel(MarianConfig(**SIZES, **MARIAN, scale_embedding=True, activation_function="relu",
                                                    share_encoder_decoder_embeddings=False)),
         lambda model: of_text(model, 39), bad_words_ids=[[39]])
    make("bart", BartForConditionalGeneration(BartConfig(**SIZES)), lambda model: of_text(model, 2), dtype=torch.float16,
         no_repeat_ngram_size=0, forced_bos_token_id=0)
    make("mbart", MBartForConditionalGeneration(MBartConfig(**SIZES, scale_embedding=True, activation_function="relu",
                                                            decoder_start_token_id=2)),
         lambda model: of_text(model, 2), dtype=torch.bfloat16, forced_bos_token_id=7)
    make("m2m_100", M2M100ForConditionalGeneration(M2M100Config(**SIZES)), lambda model: of_text(model, 2),
         shards="16KB", forced_bos_token_id=9, num_beams=5, early_stopping="never")
    make("pegasus", PegasusForConditionalGeneration(PegasusConfig(**SIZES, scale_embedding=True,
                                                                  activation_function="relu")),
         lambda model: of_text(model, 0))
    make("t5", T5ForConditionalGeneration(T5Config(**T5)), lambda model: of_text(model, 0))
    make("t5_gated", T5ForConditionalGeneration(T5Config(**T5, feed_forward_proj="gated-gelu",
                                                         tie_word_embeddings=False)), lambda model: of_text(model, 0))
    make("gpt2", GPT2LMHeadModel(GPT2Config(vocab_size=VOCABULARY, n_embd=16, n_layer=2, n_head=4, n_inner=24,
                                            n_positions=32, bos_token_id=3, eos_token_id=3)), of_language)
    whisper = SIZES | dict(num_mel_bins=MEL, max_source_positions=FRAMES // 2, max_target_positions=32)
    del whisper["max_position_embeddings"]
    make("whisper", WhisperForConditionalGeneration(WhisperConfig(**whisper, decoder_start_token_id=1, eos_token_id=2,
                                                                  bos_token_id=2, pad_token_id=2)),
         of_sounds, suppress_tokens=[5, 6, 11], begin_suppress_tokens=[2, 8])
    torch.manual_seed(7)
    vit = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20, image_size=SIDE,
               patch_size=PATCH)
    sizes = dict(vocab_size=VOCABULARY, d_model=16, decoder_layers=2, decoder_attention_heads=2, decoder_ffn_dim=20,
                 max_position_embeddings=32)
    tokens = dict(decoder_start_token_id=2, pad_token_id=1, eos_token_id=3)
    make("vision_trocr", vision(ViTConfig(**vit, qkv_bias=False), TrOCRConfig(**sizes, cross_attention_hidden_size=24)),
         of_pictures, **tokens)
    make("vision_trocr_sines", vision(DeiTConfig(**vit), TrOCRConfig(
        **sizes, cross_attention_hidden_size=24, use_learned_position_embeddings=False, layernorm_embedding=False,
        scale_embedding=True, activation_function="relu", tie_word_embeddings=False)), of_pictures, **tokens)
    make("vision_gpt2", vision(ViTConfig(**vit), GPT2Config(vocab_size=VOCABULARY, n_embd=16, n_layer=2, n_head=4,
                                                            n_inner=24, n_positions=32, bos_token_id=2,
                                                            eos_token_id=3)), of_pictures, **tokens)
    make("vision_mbart", vision(ViTConfig(**vit | dict(hidden_size=16, num_attention_heads=2)),
                                MBartConfig(**sizes, scale_embedding=True)), of_pictures, **tokens)
