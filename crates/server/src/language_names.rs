//! Codes and English names of languages (ISO 639), for clients that name them by two letters while a model has names of its
//! own: `de` is a model's `deu_Latn`, `de_DE` or `__de__`.

/// Languages with a code of two letters: ISO 639-1, ISO 639-3, English name.
#[rustfmt::skip]
const LANGUAGES: [(&str, &str, &str); 183] = [
    ("aa", "aar", "Afar"), ("ab", "abk", "Abkhazian"), ("ae", "ave", "Avestan"), ("af", "afr", "Afrikaans"),
    ("ak", "aka", "Akan"), ("am", "amh", "Amharic"), ("an", "arg", "Aragonese"), ("ar", "ara", "Arabic"),
    ("as", "asm", "Assamese"), ("av", "ava", "Avaric"), ("ay", "aym", "Aymara"),
    ("az", "aze", "Azerbaijani"), ("ba", "bak", "Bashkir"), ("be", "bel", "Belarusian"),
    ("bg", "bul", "Bulgarian"), ("bi", "bis", "Bislama"), ("bm", "bam", "Bambara"), ("bn", "ben", "Bengali"),
    ("bo", "bod", "Tibetan"), ("br", "bre", "Breton"), ("bs", "bos", "Bosnian"), ("ca", "cat", "Catalan"),
    ("ce", "che", "Chechen"), ("ch", "cha", "Chamorro"), ("co", "cos", "Corsican"), ("cr", "cre", "Cree"),
    ("cs", "ces", "Czech"), ("cu", "chu", "Church Slavic"), ("cv", "chv", "Chuvash"), ("cy", "cym", "Welsh"),
    ("da", "dan", "Danish"), ("de", "deu", "German"), ("dv", "div", "Divehi"), ("dz", "dzo", "Dzongkha"),
    ("ee", "ewe", "Ewe"), ("el", "ell", "Greek"), ("en", "eng", "English"), ("eo", "epo", "Esperanto"),
    ("es", "spa", "Spanish"), ("et", "est", "Estonian"), ("eu", "eus", "Basque"), ("fa", "fas", "Persian"),
    ("ff", "ful", "Fulah"), ("fi", "fin", "Finnish"), ("fj", "fij", "Fijian"), ("fo", "fao", "Faroese"),
    ("fr", "fra", "French"), ("fy", "fry", "Western Frisian"), ("ga", "gle", "Irish"),
    ("gd", "gla", "Scottish Gaelic"), ("gl", "glg", "Galician"), ("gn", "grn", "Guarani"),
    ("gu", "guj", "Gujarati"), ("gv", "glv", "Manx"), ("ha", "hau", "Hausa"), ("he", "heb", "Hebrew"),
    ("hi", "hin", "Hindi"), ("ho", "hmo", "Hiri Motu"), ("hr", "hrv", "Croatian"), ("ht", "hat", "Haitian"),
    ("hu", "hun", "Hungarian"), ("hy", "hye", "Armenian"), ("hz", "her", "Herero"),
    ("ia", "ina", "Interlingua"), ("id", "ind", "Indonesian"), ("ie", "ile", "Interlingue"),
    ("ig", "ibo", "Igbo"), ("ii", "iii", "Sichuan Yi"), ("ik", "ipk", "Inupiaq"), ("io", "ido", "Ido"),
    ("is", "isl", "Icelandic"), ("it", "ita", "Italian"), ("iu", "iku", "Inuktitut"),
    ("ja", "jpn", "Japanese"), ("jv", "jav", "Javanese"), ("ka", "kat", "Georgian"), ("kg", "kon", "Kongo"),
    ("ki", "kik", "Kikuyu"), ("kj", "kua", "Kuanyama"), ("kk", "kaz", "Kazakh"),
    ("kl", "kal", "Kalaallisut"), ("km", "khm", "Khmer"), ("kn", "kan", "Kannada"), ("ko", "kor", "Korean"),
    ("kr", "kau", "Kanuri"), ("ks", "kas", "Kashmiri"), ("ku", "kur", "Kurdish"), ("kv", "kom", "Komi"),
    ("kw", "cor", "Cornish"), ("ky", "kir", "Kirghiz"), ("la", "lat", "Latin"),
    ("lb", "ltz", "Luxembourgish"), ("lg", "lug", "Ganda"), ("li", "lim", "Limburgan"),
    ("ln", "lin", "Lingala"), ("lo", "lao", "Lao"), ("lt", "lit", "Lithuanian"),
    ("lu", "lub", "Luba-Katanga"), ("lv", "lav", "Latvian"), ("mg", "mlg", "Malagasy"),
    ("mh", "mah", "Marshallese"), ("mi", "mri", "Maori"), ("mk", "mkd", "Macedonian"),
    ("ml", "mal", "Malayalam"), ("mn", "mon", "Mongolian"), ("mr", "mar", "Marathi"), ("ms", "msa", "Malay"),
    ("mt", "mlt", "Maltese"), ("my", "mya", "Burmese"), ("na", "nau", "Nauru"),
    ("nb", "nob", "Norwegian Bokmål"), ("nd", "nde", "North Ndebele"), ("ne", "nep", "Nepali"),
    ("ng", "ndo", "Ndonga"), ("nl", "nld", "Dutch"), ("nn", "nno", "Norwegian Nynorsk"),
    ("no", "nor", "Norwegian"), ("nr", "nbl", "South Ndebele"), ("nv", "nav", "Navajo"),
    ("ny", "nya", "Chichewa"), ("oc", "oci", "Occitan"), ("oj", "oji", "Ojibwa"), ("om", "orm", "Oromo"),
    ("or", "ori", "Odia"), ("os", "oss", "Ossetian"), ("pa", "pan", "Panjabi"), ("pi", "pli", "Pali"),
    ("pl", "pol", "Polish"), ("ps", "pus", "Pushto"), ("pt", "por", "Portuguese"), ("qu", "que", "Quechua"),
    ("rm", "roh", "Romansh"), ("rn", "run", "Rundi"), ("ro", "ron", "Romanian"), ("ru", "rus", "Russian"),
    ("rw", "kin", "Kinyarwanda"), ("sa", "san", "Sanskrit"), ("sc", "srd", "Sardinian"),
    ("sd", "snd", "Sindhi"), ("se", "sme", "Northern Sami"), ("sg", "sag", "Sango"),
    ("si", "sin", "Sinhala"), ("sk", "slk", "Slovak"), ("sl", "slv", "Slovenian"), ("sm", "smo", "Samoan"),
    ("sn", "sna", "Shona"), ("so", "som", "Somali"), ("sq", "sqi", "Albanian"), ("sr", "srp", "Serbian"),
    ("ss", "ssw", "Swati"), ("st", "sot", "Southern Sotho"), ("su", "sun", "Sundanese"),
    ("sv", "swe", "Swedish"), ("sw", "swa", "Swahili"), ("ta", "tam", "Tamil"), ("te", "tel", "Telugu"),
    ("tg", "tgk", "Tajik"), ("th", "tha", "Thai"), ("ti", "tir", "Tigrinya"), ("tk", "tuk", "Turkmen"),
    ("tl", "tgl", "Tagalog"), ("tn", "tsn", "Tswana"), ("to", "ton", "Tonga"), ("tr", "tur", "Turkish"),
    ("ts", "tso", "Tsonga"), ("tt", "tat", "Tatar"), ("tw", "twi", "Twi"), ("ty", "tah", "Tahitian"),
    ("ug", "uig", "Uyghur"), ("uk", "ukr", "Ukrainian"), ("ur", "urd", "Urdu"), ("uz", "uzb", "Uzbek"),
    ("ve", "ven", "Venda"), ("vi", "vie", "Vietnamese"), ("vo", "vol", "Volapük"), ("wa", "wln", "Walloon"),
    ("wo", "wol", "Wolof"), ("xh", "xho", "Xhosa"), ("yi", "yid", "Yiddish"), ("yo", "yor", "Yoruba"),
    ("za", "zha", "Zhuang"), ("zh", "zho", "Chinese"), ("zu", "zul", "Zulu"),
];

/// Languages by whose code models mean the language of two letters that they belong to (ISO 639-3's macrolanguages).
#[rustfmt::skip]
const MEMBERS: [(&str, &str); 21] = [
    ("als", "sq"), ("arb", "ar"), ("ayr", "ay"), ("azj", "az"), ("ekk", "et"), ("fuv", "ff"), ("gaz", "om"), ("khk", "mn"),
    ("kmr", "ku"), ("lvs", "lv"), ("npi", "ne"), ("ory", "or"), ("pbt", "ps"), ("pes", "fa"), ("plt", "mg"), ("quy", "qu"),
    ("swh", "sw"), ("uzn", "uz"), ("ydd", "yi"), ("zsm", "ms"), ("cmn", "zh"),
];

/// The code of two letters of a language's name in a model: `de` for `deu_Latn`, `de_DE`, `deu` and `de`; `None` for a
/// language without one.
pub(crate) fn two_letters(name: &str) -> Option<&'static str> {
    let first = name.split(['_', '-']).next().unwrap_or_default().to_ascii_lowercase();
    let known = LANGUAGES.iter().find(|(two, three, _)| first == *two || first == *three);
    let member = || MEMBERS.iter().find(|(member, _)| first == *member).map(|(_, two)| *two);
    known.map(|(two, ..)| *two).or_else(member)
}

/// The English name of a language; its own name if it has no code of two letters.
pub(crate) fn english(name: &str) -> String {
    let code = two_letters(name);
    let known = LANGUAGES.iter().find(|(two, ..)| Some(*two) == code);
    known.map_or_else(|| name.to_owned(), |(.., english)| (*english).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_models_have_their_codes() {
        for (name, code, english_name) in [
            ("de", Some("de"), "German"),
            ("deu_Latn", Some("de"), "German"),
            ("de_DE", Some("de"), "German"),
            ("pt-BR", Some("pt"), "Portuguese"),
            ("arb_Arab", Some("ar"), "Arabic"),
            ("ceb_Latn", None, "ceb_Latn"),
            ("source", None, "source"),
        ] {
            assert_eq!((two_letters(name), english(name).as_str()), (code, english_name), "{name}");
        }
    }
}
