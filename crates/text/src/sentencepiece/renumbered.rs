//! SentencePiece models whose pieces have other numbers: a family of models has one vocabulary, of which each of two
//! SentencePiece models knows a part.

use std::collections::HashMap;

use prost::Message;

use super::proto::{ModelProto, PieceProto, types};

/// A SentencePiece model with the numbers of another vocabulary, and the pieces that have none there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renumbered {
    /// The model's file.
    pub document: Vec<u8>,
    /// The name of the token for unknown text.
    pub unknown: String,
    /// The pieces of the model that the vocabulary lacks: what they would cover is cut into others.
    pub lacking: Vec<String>,
}

/// A SentencePiece model (`.spm`, `.model`) whose pieces have the numbers of a vocabulary, `names[number]`.
///
/// Pieces that the model lacks are there too, but never come out of a text. `control` are the names that begin, end or pad
/// a text.
///
/// # Errors
///
/// If it is no SentencePiece model, the vocabulary has a name twice or no token for unknown text.
pub fn renumbered(model: &[u8], names: &[String], control: &[&str]) -> Result<Renumbered, String> {
    let mut proto =
        ModelProto::decode(model).map_err(|error| format!("no model of SentencePiece: {error}"))?;
    let of_model: HashMap<&str, &PieceProto> =
        proto.pieces.iter().map(|piece| (piece.piece(), piece)).collect();
    let unknown = proto.pieces.iter().find(|piece| piece.r#type() == types::UNKNOWN);
    let unknown = unknown.ok_or("it has no token for what is unknown")?.piece().to_owned();
    let numbers: HashMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
    if numbers.len() < names.len() {
        return Err("the vocabulary has a name twice".to_owned());
    }
    if !numbers.contains_key(unknown.as_str()) {
        return Err(format!("the vocabulary has no '{unknown}', which the model has for unknown text"));
    }
    let piece = |name: &String| {
        let known = of_model.get(name.as_str());
        let kind = match known {
            _ if control.contains(&name.as_str()) => types::CONTROL,
            Some(piece) => piece.r#type(),
            None => types::UNUSED,
        };
        PieceProto {
            piece: Some(name.clone()),
            score: Some(known.map_or(0.0, |piece| piece.score())),
            r#type: Some(kind),
        }
    };
    let pieces: Vec<PieceProto> = names.iter().map(piece).collect();
    let is_text = |piece: &&PieceProto| matches!(piece.r#type(), types::NORMAL | types::USER_DEFINED);
    let lacking = proto.pieces.iter().filter(is_text).map(PieceProto::piece);
    let lacking = lacking.filter(|name| !numbers.contains_key(name)).map(str::to_owned).collect();
    proto.pieces = pieces;
    Ok(Renumbered { document: proto.encode_to_vec(), unknown, lacking })
}

/// The pieces of a SentencePiece model (`.spm`, `.model`), in the order of their numbers.
///
/// # Errors
///
/// If it is no SentencePiece model.
pub fn piece_names(model: &[u8]) -> Result<Vec<String>, String> {
    let proto = ModelProto::decode(model).map_err(|error| format!("no model of SentencePiece: {error}"))?;
    Ok(proto.pieces.iter().map(|piece| piece.piece().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::File;
    use crate::sentencepiece::SentencePiece;

    fn model(pieces: &[(&str, f32, i32)]) -> Vec<u8> {
        let piece = |&(name, score, kind): &(&str, f32, i32)| PieceProto {
            piece: Some(name.to_owned()),
            score: Some(score),
            r#type: Some(kind),
        };
        ModelProto { pieces: pieces.iter().map(piece).collect(), ..ModelProto::default() }.encode_to_vec()
    }

    #[test]
    fn pieces_have_the_numbers_of_the_vocabulary() {
        let of_source = model(&[
            ("<unk>", 0.0, types::UNKNOWN),
            ("<s>", 0.0, types::CONTROL),
            ("</s>", 0.0, types::CONTROL),
            ("\u{2581}a", -1.0, types::NORMAL),
            ("b", -2.0, types::NORMAL),
            ("\u{2581}ab", -9.0, types::NORMAL),
        ]);
        let names = ["</s>", "<unk>", "b", "ab", "\u{2581}a", "x", "<pad>"].map(str::to_owned);
        let Renumbered { document, lacking, .. } =
            renumbered(&of_source, &names, &["</s>", "<pad>"]).expect("renumbered");
        assert_eq!(lacking, ["\u{2581}ab"]);
        let options: File = serde_json::from_value(serde_json::json!({
            "path": "", "padding": "<pad>", "begin": "<pad>", "unknown": "<unk>", "end": "</s>"
        }))
        .expect("options");
        let model = SentencePiece::new(document, &options, &[]).expect("a model");
        let special = model.special_tokens();
        assert_eq!((special.padding, special.begin, special.end, special.unknown), (6, 6, 0, Some(1)));
        let cut: Vec<u32> = model.cut("ab bx").into_iter().map(|(token, _)| token).collect();
        // "ab" is a piece of the target alone, and never cut; the space before "b" is in no piece.
        assert_eq!(cut, [4, 2, 1, 2, 1]);
        let by_name = File { unknown_by_name: true, ..options };
        let by_name = SentencePiece::new(model.document().to_vec(), &by_name, &[]).expect("a model");
        let cut = |text| by_name.cut(text).into_iter().map(|(token, _)| token).collect::<Vec<u32>>();
        // Characters that follow each other and are unknown are one name.
        assert_eq!([cut("axb"), cut("axyb")], [vec![4, 5, 2], vec![4, 1, 2]]);
        assert_eq!(model.spell(&[4, 3]).expect("text").0, "aab");
        let twice = ["<unk>", "b", "b"].map(str::to_owned);
        assert!(renumbered(&of_source, &twice, &[]).is_err());
        assert!(renumbered(&of_source, &names[2..], &[]).expect_err("no unknown").contains("'<unk>'"));
    }
}
