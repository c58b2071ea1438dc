"""Loads golden models that went out of here, and compares what is written with them to what their files say.

    python crates/pretrained/tests/golden/exported.py FOLDER

FOLDER holds `huggingface/MODEL` and `ctranslate2/MODEL`, as the test `exports` writes them. transformers must also give the
logits of `golden.json`. Needs PyTorch 2.9.0, transformers 4.57 and ctranslate2 4.8.
"""
import json
import pathlib
import sys

import ctranslate2
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoModelForSpeechSeq2Seq

HERE = pathlib.Path(__file__).parent
LONGEST = 14


def cut(tokens, end):
    """Up to the first end."""
    return tokens[:tokens.index(end)] if end in tokens else tokens


def of_transformers(folder, golden):
    config = AutoConfig.from_pretrained(folder)
    kind = (AutoModelForSpeechSeq2Seq if config.model_type == "whisper" else
            AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM)
    model, info = kind.from_pretrained(folder, output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
    model.eval()
    worst = 0.0
    for number, target in enumerate(golden["targets"]):
        given = {"decoder_input_ids": torch.tensor([target])}
        if config.model_type == "whisper":
            given["input_features"] = torch.tensor([golden["sources"][number]]).transpose(1, 2)
        elif config.is_encoder_decoder:
            given["input_ids"] = torch.tensor([golden["sources"][number]])
        else:
            given = {"input_ids": torch.tensor([target])}
        if config.model_type == "whisper" and given["input_features"].shape[2] != 2 * config.max_source_positions:
            # Whisper's own code reads half a minute and nothing else.
            model.config.max_source_positions = model.model.encoder.config.max_source_positions = \
                given["input_features"].shape[2] // 2
            table = model.model.encoder.embed_positions
            table.num_embeddings = model.config.max_source_positions
            table.weight.data = table.weight.data[:table.num_embeddings]
        with torch.no_grad():
            found = model(**given).logits[0]
        worst = max(worst, (found - torch.tensor(golden["logits"][number])).abs().max().item())
    return worst


def of_ctranslate2(folder, golden, end, suppressed, begin):
    name = lambda tokens: [f"token{token}" for token in tokens]
    number = lambda tokens: [int(token.removeprefix("token")) for token in tokens]
    options = dict(beam_size=1, suppress_sequences=[name([token]) for token in suppressed] or None)
    reads = not (folder / "vocabulary.json").exists()
    equal = 0
    for given, expected in zip(golden["inputs"], golden["outputs"]):
        if reads:
            translator = ctranslate2.Translator(str(folder), compute_type="float32", intra_threads=1)
            # What is forced to stand first is a prefix there.
            prefix = [name([begin])] if begin is not None else None
            written = translator.translate_batch([name(given)], target_prefix=prefix, min_decoding_length=0,
                                                 max_decoding_length=LONGEST - 2, **options)
            found = number(written[0].hypotheses[0])
            expected = expected[1:]
        else:
            generator = ctranslate2.Generator(str(folder), compute_type="float32", intra_threads=1)
            written = generator.generate_batch([name(given)], max_length=LONGEST - len(given),
                                               include_prompt_in_result=False, **options)
            found = written[0].sequences_ids[0]
            expected = expected[len(given):]
        least = min(len(cut(found, end)), len(cut(expected, end)))
        same = found[:least] == expected[:least] and least > 0 or cut(found, end) == cut(expected, end)
        equal += same
        if not same:
            print(f"  {folder.name}: {given}: {found}, and {expected} there")
    return equal


def main():
    place = pathlib.Path(sys.argv[1])
    failed = False
    for folder in sorted((place / "huggingface").iterdir()):
        golden = json.loads((HERE / folder.name / "golden.json").read_text())
        worst = of_transformers(folder, golden)
        failed |= worst > 1e-4
        print(f"{folder.name}: transformers' logits differ by up to {worst:.1e}")
        other = place / "ctranslate2" / folder.name
        if not other.exists():
            continue
        config = json.loads((HERE / folder.name / "generation_config.json").read_text())
        end = config["eos_token_id"]
        end = end[0] if isinstance(end, list) else end
        banned = [row[0] for row in config.get("bad_words_ids") or []] + list(config.get("suppress_tokens") or [])
        equal = of_ctranslate2(other, golden, end, banned, config.get("forced_bos_token_id"))
        failed |= equal < len(golden["inputs"])
        print(f"{folder.name}: CTranslate2 writes {equal} of {len(golden['inputs'])} outputs")
    sys.exit(failed)


if __name__ == "__main__":
    main()
