//! What no architecture can say is refused by the name of its option; variants that one can say are read.

use any2any_pretrained::read;
use serde_json::{Value, json};

use crate::golden::{MODELS, copy, set_options};

/// Changes of config.json, and what is said about each.
fn refusals() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        (
            "bart",
            json!({"model_type": "longt5"}),
            "`model_type` is \"longt5\", a kind of model that is not known here; known are: bart, blenderbot, gpt2, m2m_100, \
             marian, mbart, mt5, pegasus, t5, vision-encoder-decoder, whisper",
        ),
        ("bart", json!({"model_type": null}), "`model_type` is missing; known are: bart, "),
        ("bart", json!({"model_type": ["bart"]}), "`model_type` is [\"bart\"], not a text"),
        (
            "bart",
            json!({"activation_function": "xyz"}),
            "`activation_function` is \"xyz\", which is not known here; known are: relu, gelu, ",
        ),
        (
            "bart",
            json!({"normalize_before": true}),
            "`normalize_before` is true; models of this family are known with false alone",
        ),
        ("bart", json!({"static_position_embeddings": true}), "`static_position_embeddings` is true; "),
        ("bart", json!({"add_final_layer_norm": true}), "`add_final_layer_norm` is true; "),
        ("bart", json!({"normalize_embedding": false}), "`normalize_embedding` is false; "),
        ("bart", json!({"is_encoder_decoder": false}), "`is_encoder_decoder` is false; "),
        (
            "bart",
            json!({"quantization_config": {"bits": 4}}),
            "`quantization_config` says that weights are quantized",
        ),
        ("mbart", json!({"normalize_before": false}), "`normalize_before` is false; "),
        ("marian", json!({"normalize_before": true}), "`normalize_before` is true; "),
        ("marian", json!({"static_position_embeddings": false}), "`static_position_embeddings` is false; "),
        ("marian", json!({"add_bias_logits": true}), "`add_bias_logits` is true; "),
        ("marian", json!({"tie_encoder_decoder": true}), "`tie_encoder_decoder` is true; "),
        (
            "marian",
            json!({"decoder_vocab_size": 39}),
            "`decoder_vocab_size` is 39, but source and target share",
        ),
        ("marian", json!({"d_model": null}), "`d_model` is missing"),
        ("marian", json!({"d_model": 0}), "`d_model` is 0"),
        ("marian", json!({"d_model": -16}), "`d_model` is -16, not a whole number up to 16777216"),
        ("marian", json!({"d_model": "16"}), "`d_model` is \"16\", not a whole number"),
        ("marian", json!({"d_model": u64::MAX}), "`d_model` is 18446744073709551615, not a whole number"),
        ("marian", json!({"encoder_layers": 16_000_000}), "`encoder_layers` is 16000000, more than the 1000"),
        (
            "marian",
            json!({"encoder_attention_heads": 3}),
            "`encoder_attention_heads` is 3, which does not divide the model's width of 16",
        ),
        ("marian", json!({"scale_embedding": 1}), "`scale_embedding` is 1, not true or false"),
        (
            "m2m_100",
            json!({"d_model": 15, "encoder_attention_heads": 3, "decoder_attention_heads": 3}),
            "encoder: sines and cosines in halves need an even `d_model`",
        ),
        (
            "t5",
            json!({"feed_forward_proj": "gated-relu"}),
            "`feed_forward_proj` is \"gated-relu\", which is not known here; known are: relu, gated-gelu, gated-silu",
        ),
        (
            "t5",
            json!({"relative_attention_num_buckets": 2}),
            "encoder: too few buckets for relative positions",
        ),
        (
            "gpt2",
            json!({"scale_attn_by_inverse_layer_idx": true}),
            "`scale_attn_by_inverse_layer_idx` is true; ",
        ),
        ("gpt2", json!({"add_cross_attention": true}), "`add_cross_attention` is true; "),
        ("whisper", json!({"scale_embedding": true}), "`scale_embedding` is true; "),
    ]
}

#[test]
fn options_that_no_architecture_can_say_are_refused_by_name() {
    for (model, options, wanted) in refusals() {
        let folder = copy(model);
        set_options(&folder.path().join("config.json"), &options);
        let Err(error) = read(folder.path()) else { panic!("{model} with {options}: it was read") };
        let said = error.to_string();
        assert!(said.contains("config.json: "), "{model} with {options}: {said}");
        assert!(said.contains(wanted), "{model} with {options}: {said}");
    }
}

#[test]
fn options_of_generation_are_checked() {
    for (options, wanted) in [
        (
            json!({"decoder_start_token_id": 40}),
            "`decoder_start_token_id` holds what is no token of a vocabulary of 40",
        ),
        (json!({"eos_token_id": [0, "a"]}), "`eos_token_id` holds what is no token"),
        (json!({"bad_words_ids": 39}), "`bad_words_ids` holds what is no token"),
        (json!({"bad_words_ids": [[1.5]]}), "`bad_words_ids` holds what is no token"),
        (json!({"early_stopping": "soon"}), "`early_stopping` is neither true nor false nor \"never\""),
        (json!({"num_beams": -1}), "`num_beams` is -1, not a whole number"),
        (json!({"length_penalty": "long"}), "`length_penalty` is \"long\", not a number"),
    ] {
        let folder = copy("marian");
        set_options(&folder.path().join("generation_config.json"), &options);
        let said = read(folder.path()).expect_err("refused").to_string();
        assert!(said.contains("generation_config.json: ") && said.contains(wanted), "{options}: {said}");
    }
}

#[test]
fn roles_of_tokens_may_be_one_or_many_or_none() {
    let folder = copy("marian");
    let options = json!({
        "eos_token_id": [0, 3], "pad_token_id": -1, "bad_words_ids": [[7], [4, 5]],
        "forced_decoder_ids": [[1, null], [2, 9]], "suppress_tokens": [8, -1],
    });
    set_options(&folder.path().join("generation_config.json"), &options);
    let tokens = read(folder.path()).expect("known roles").tokens;
    assert_eq!((&tokens.end[..], tokens.padding), (&[0, 3][..], None));
    assert_eq!((&tokens.suppressed[..], &tokens.suppressed_sequences[..]), (&[7, 8][..], &[vec![4, 5]][..]));
    assert_eq!(tokens.forced, [(2, 9)]);
}

/// Without generation_config.json, config.json says it, as in earlier files.
#[test]
fn roles_stand_in_the_configuration_of_earlier_files() {
    let folder = copy("marian");
    std::fs::remove_file(folder.path().join("generation_config.json")).expect("it was there");
    set_options(&folder.path().join("config.json"), &json!({"num_beams": 6, "bad_words_ids": [[39]]}));
    let pretrained = read(folder.path()).expect("an earlier model");
    assert_eq!((pretrained.tokens.decoder_start, &pretrained.tokens.suppressed[..]), (Some(39), &[39][..]));
    assert_eq!((pretrained.decoding.num_beams, pretrained.decoding.max_length), (Some(6), None));
}

#[test]
fn what_earlier_files_say_of_their_family_is_no_refusal() {
    for (model, options) in [
        (
            "bart",
            json!({"normalize_before": false, "add_final_layer_norm": false, "normalize_embedding": true,
            "static_position_embeddings": false, "add_bias_logits": false, "extra_pos_embeddings": 2}),
        ),
        (
            "mbart",
            json!({"normalize_before": true, "add_final_layer_norm": true, "normalize_embedding": true,
            "static_position_embeddings": false}),
        ),
        (
            "marian",
            json!({"normalize_before": false, "add_final_layer_norm": false, "normalize_embedding": false,
            "static_position_embeddings": true, "share_encoder_decoder_embeddings": null, "decoder_vocab_size": null}),
        ),
        ("t5", json!({"feed_forward_proj": null, "relative_attention_max_distance": null})),
        ("t5_gated", json!({"model_type": "mt5"})),
        ("gpt2", json!({"n_ctx": 32, "reorder_and_upcast_attn": true})),
    ] {
        let folder = copy(model);
        set_options(&folder.path().join("config.json"), &options);
        read(folder.path()).unwrap_or_else(|error| panic!("{model} with {options}: {error}"));
    }
}

/// Changes options of a part; null takes one away.
fn set_section(folder: &tempfile::TempDir, section: &str, options: &Value) {
    let path = folder.path().join("config.json");
    let config: Value = serde_json::from_slice(&std::fs::read(&path).expect("options")).expect("JSON");
    let mut changed = config[section].clone();
    for (option, value) in options.as_object().expect("an object") {
        changed[option] = value.clone();
    }
    set_options(&path, &json!({ section: changed }));
}

/// Options of the two parts of a model of pictures are named with their part.
#[test]
fn what_a_model_of_pictures_cannot_be_is_refused_by_name() {
    for (model, section, options, wanted) in [
        (
            "vision_trocr",
            "encoder",
            json!({"model_type": "swin"}),
            "`encoder.model_type` is \"swin\"; known enc",
        ),
        ("vision_trocr", "encoder", json!({"num_channels": 1}), "`encoder.num_channels` is not 3"),
        (
            "vision_trocr",
            "encoder",
            json!({"patch_size": 5}),
            "`encoder.patch_size` is 5, which does not divide",
        ),
        (
            "vision_trocr",
            "encoder",
            json!({"patch_size": [4, 4]}),
            "`encoder.patch_size` is [4,4], not a whole",
        ),
        ("vision_trocr", "encoder", json!({"image_size": 16}), "has shape [1, 10, 24]"),
        ("vision_trocr", "encoder", json!({"qkv_bias": true}), "has no tensor encoder.encoder.layer.0."),
        ("vision_trocr", "encoder", json!({"hidden_act": "xyz"}), "`encoder.hidden_act` is \"xyz\""),
        (
            "vision_trocr",
            "decoder",
            json!({"model_type": "bert"}),
            "`decoder.model_type` is \"bert\"; known dec",
        ),
        (
            "vision_trocr",
            "decoder",
            json!({"add_cross_attention": false}),
            "`decoder.add_cross_attention` is false",
        ),
        (
            "vision_trocr",
            "decoder",
            json!({"cross_attention_hidden_size": 20}),
            "`decoder.cross_attention_hidden_size` is 20, and the encoder is 24 wide",
        ),
        (
            "vision_trocr",
            "decoder",
            json!({"cross_attention_hidden_size": null}),
            "has no tensor enc_to_dec_proj.weight",
        ),
        (
            "vision_gpt2",
            "decoder",
            json!({"scale_attn_by_inverse_layer_idx": true}),
            "`decoder.scale_attn_by_inv",
        ),
    ] {
        let folder = copy(model);
        set_section(&folder, section, &options);
        let said = read(folder.path()).expect_err("what no model here can be").to_string();
        assert!(said.contains(wanted), "{said}");
    }
    let folder = copy("vision_trocr");
    set_options(&folder.path().join("config.json"), &json!({ "encoder": null }));
    let said = read(folder.path()).expect_err("no encoder").to_string();
    assert!(said.contains("`encoder` is missing"), "{said}");
}

/// No file is read in part: a size that differs from the tensors' is said with the tensor.
#[test]
fn sizes_that_no_tensor_has_are_found() {
    for model in MODELS {
        let folder = copy(model);
        let (option, value) = match model {
            "gpt2" => ("n_inner", 23),
            "t5" | "t5_gated" => ("d_ff", 21),
            _ => ("decoder_ffn_dim", 21),
        };
        match model.starts_with("vision_") {
            true => set_section(&folder, "encoder", &json!({ "intermediate_size": 21 })),
            false => set_options(&folder.path().join("config.json"), &json!({ option: value })),
        }
        let said = read(folder.path()).expect_err("another width").to_string();
        assert!(said.contains(" has shape [") && said.contains("config.json asks for ["), "{model}: {said}");
    }
}
