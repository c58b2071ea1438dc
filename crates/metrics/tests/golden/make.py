#!/usr/bin/env python3
"""Writes golden.jsonl: what sacreBLEU 2.6.0 and jiwer 4.0.0 say about lines of many scripts.

    pip install sacrebleu==2.6.0 jiwer==4.0.0
    python make.py > golden.jsonl

The sentences are the project's own. Hypotheses are the sentences after seeded edits: words dropped,
repeated, replaced and moved, phrases moved, case, punctuation and characters changed. The first line of the
output names the versions and the options of every metric; each further line is a segment or the score of a
group of segments.
"""

import json
import random
import sys

import jiwer
import sacrebleu
from sacrebleu.metrics import BLEU, CHRF, TER

SENTENCES = {
    "english": [
        "The ferry leaves at 7:45 a.m., but nobody is on the pier yet.",
        "\"Don't touch the red wire,\" she whispered, \"or we'll start over.\"",
        "Our neighbour's dog buried 3 shoes, 2 gloves and a half-eaten sandwich.",
        "In 2031 the bridge will carry 12,500 cars a day (if it is ever finished).",
        "Who left the window open while it was snowing?",
        "A small boy in a yellow coat jumps over a puddle.",
        "The price rose from $1,299.99 to $1,350.00 - a 3.85% increase.",
        "She e-mailed info@example.org, then http://example.org/a_b?c=d#e was down.",
        "Well... I suppose that's that; let us begin, shall we?",
        "Two old men are playing chess under the plane tree, and a third one is watching them.",
        "The U.S. team won 4-2 after extra time.",
        "If x < 3 & y > 4, then f(x) = x^2 + y/2.",
        "He said that she said that they said that nothing had happened.",
        "Rain.",
        "The the the cat, the cat, the cat sat sat on on the mat mat.",
        "Without any warning the old lighthouse keeper closed the heavy door behind the last guests of the year.",
        "Mr. O'Brien-Smith, Ph.D., lives at 221B Baker St., doesn't he?",
        "Every morning before breakfast the twins run down to the river and back again.",
        "Bread, milk, eggs, flour, and - above all - butter.",
        "It is what it is, is it not?",
    ],
    "german": [
        "Die Fähre legt um 7.45 Uhr ab, doch am Steg ist noch niemand.",
        "„Fass den roten Draht nicht an“, flüsterte sie, „sonst fangen wir von vorne an.“",
        "Der Hund unserer Nachbarin vergrub 3 Schuhe, 2 Handschuhe und ein halbes Brot.",
        "Ein kleiner Junge im gelben Mantel springt über eine Pfütze.",
        "Wer hat das Fenster offen gelassen, während es schneite?",
        "Der Preis stieg von 1.299,99 € auf 1.350,00 € – ein Plus von 3,85 %.",
        "Zwei alte Männer spielen unter der Platane Schach, und ein dritter sieht ihnen zu.",
        "Die Straßenbahn fährt über die große Brücke zum Schloss und hält dort länger.",
        "Übermäßig größenwahnsinnige Füchse ärgern süße Möwen.",
        "Jeden Morgen vor dem Frühstück laufen die Zwillinge zum Fluss hinunter und wieder zurück.",
        "Ohne jede Warnung schloss der alte Leuchtturmwärter die schwere Tür hinter den letzten Gästen.",
        "Das ist das Haus, das das Kind gemalt hat.",
        "Na ja ... fangen wir eben an; oder etwa nicht?",
        "Am 3. Oktober 1990, also vor langer Zeit, war hier ein Feld.",
        "Die Katze schläft auf dem warmen Dach, der Hund im kalten Keller.",
    ],
    "french": [
        "Le bac part à 7 h 45, mais il n'y a encore personne sur le quai.",
        "« Ne touche pas au fil rouge », murmura-t-elle, « sinon on recommence. »",
        "Le chien de la voisine a enterré 3 chaussures, 2 gants et un demi-sandwich.",
        "Un petit garçon en manteau jaune saute par-dessus une flaque.",
        "Qui a laissé la fenêtre ouverte pendant qu'il neigeait ?",
        "Le prix est passé de 1 299,99 € à 1 350,00 € : une hausse de 3,85 %.",
        "Deux vieux messieurs jouent aux échecs sous le platane, un troisième les regarde.",
        "L'été dernier, où l'eau était si basse, nous avons traversé à pied.",
        "Aujourd'hui, c'est l'anniversaire d'Élodie ; n'oubliez pas le gâteau !",
        "Chaque matin, avant le petit déjeuner, les jumelles courent jusqu'à la rivière.",
        "Sans prévenir, le vieux gardien du phare ferma la lourde porte.",
        "Œuvre, cœur, naïf, Noël, garçon, forêt, où, là, déjà.",
    ],
    "czech": [
        "Trajekt odplouvá v 7:45, ale na molu ještě nikdo není.",
        "„Nesahej na ten červený drát,“ zašeptala, „nebo začneme znovu.“",
        "Sousedčin pes zakopal 3 boty, 2 rukavice a půl chleba.",
        "Malý chlapec ve žlutém kabátě skáče přes kaluž.",
        "Kdo nechal otevřené okno, když sněžilo?",
        "Cena vzrostla z 1 299,99 Kč na 1 350 Kč, tedy o 3,85 %.",
        "Dva staří pánové hrají pod platanem šachy a třetí se dívá.",
        "Děda říkával, že čtyři žáby v tůni předčí i ňafajícího ťuhýka.",
        "Každé ráno před snídaní běhají dvojčata k řece a zpátky.",
        "Starý strážce majáku bez varování zavřel těžké dveře.",
    ],
    "russian": [
        "Паром отходит в 7:45, но на причале ещё никого нет.",
        "«Не трогай красный провод, — прошептала она, — а то начнём сначала».",
        "Соседская собака закопала 3 ботинка, 2 перчатки и полбутерброда.",
        "Маленький мальчик в жёлтом пальто прыгает через лужу.",
        "Кто оставил окно открытым, пока шёл снег?",
        "Цена выросла с 1299,99 до 1350,00 руб. – на 3,85 %.",
        "Два старика играют в шахматы под платаном, а третий на них смотрит.",
        "Каждое утро перед завтраком близнецы бегают к реке и обратно.",
        "Без всякого предупреждения старый смотритель маяка закрыл тяжёлую дверь.",
        "Ёжик съел три яблока, а щенок — целую миску щей!",
        "В тот год, когда река была так низка, мы переходили её пешком.",
    ],
    "greek": [
        "Το πλοίο φεύγει στις 7:45, αλλά δεν είναι ακόμα κανείς στην αποβάθρα.",
        "«Μην αγγίξεις το κόκκινο καλώδιο», ψιθύρισε, «αλλιώς ξαναρχίζουμε».",
        "Ο σκύλος της γειτόνισσας έθαψε 3 παπούτσια και 2 γάντια.",
        "Ένα μικρό αγόρι με κίτρινο παλτό πηδάει πάνω από μια λακκούβα.",
        "Ποιος άφησε το παράθυρο ανοιχτό ενώ χιόνιζε;",
        "ΟΔΟΣ ΣΟΦΟΚΛΕΟΥΣ, ΑΡΙΘΜΟΣ 12",
        "Δύο γέροι παίζουν σκάκι κάτω από τον πλάτανο, κι ένας τρίτος τους κοιτάζει.",
        "Κάθε πρωί πριν από το πρωινό τα δίδυμα τρέχουν ως το ποτάμι.",
    ],
    "chinese": [
        "渡轮七点四十五分开,可是码头上还没有人。",
        "“别碰那根红线,”她小声说,“不然我们得重来。”",
        "邻居家的狗埋了3只鞋、2只手套和半个三明治。",
        "一个穿黄色外套的小男孩跳过一个水坑。",
        "下雪的时候是谁没关窗户?",
        "价格从1,299.99元涨到1,350.00元(上涨3.85%)。",
        "两位老人在梧桐树下下棋,还有一位在旁边看。",
        "每天早饭前,双胞胎都会跑到河边再跑回来。",
        "我喜欢看书 和 喝茶。",
        "今天天气很好,我们去公园吧!",
    ],
    "japanese": [
        "フェリーは7時45分に出ますが、桟橋にはまだ誰もいません。",
        "「赤い線に触らないで」と彼女はささやいた。",
        "隣の犬は靴を3足と手袋を2つ埋めました。",
        "黄色いコートの小さな男の子が水たまりを飛び越える。",
        "雪が降っているのに、窓を開けたのは誰ですか?",
        "値段は1,299円から1,350円に上がった(3.9%増)。",
        "コーヒー・紅茶・ジュース、どれにしますか。",
        "双子は毎朝、朝ご飯の前に川まで走って戻ってくる。",
        "カタカナ と ひらがな と 漢字",
    ],
    "arabic": [
        "تغادر العبّارة الساعة 7:45، لكن لا أحد على الرصيف بعد.",
        "همست: «لا تلمس السلك الأحمر وإلا بدأنا من جديد».",
        "دفن كلب جارتنا ٣ أحذية وقفازين ونصف شطيرة.",
        "ولد صغير يرتدي معطفًا أصفر يقفز فوق بركة ماء.",
        "من ترك النافذة مفتوحة بينما كان الثلج يتساقط؟",
        "ارتفع السعر من ١٬٢٩٩٫٩٩ إلى ١٬٣٥٠ أي بنسبة ٣٫٨٥٪.",
        "يلعب رجلان عجوزان الشطرنج تحت الشجرة، وثالث يراقبهما.",
        "كل صباح قبل الفطور يجري التوأمان إلى النهر ثم يعودان.",
    ],
    "hindi": [
        "नाव सुबह 7:45 बजे चलती है, पर घाट पर अभी कोई नहीं है।",
        "उसने धीरे से कहा, \"लाल तार मत छूना, नहीं तो फिर से शुरू करेंगे।\"",
        "पड़ोसी के कुत्ते ने ३ जूते और २ दस्ताने गाड़ दिए।",
        "पीले कोट वाला एक छोटा लड़का पानी के ऊपर से कूदता है।",
        "जब बर्फ़ गिर रही थी तब खिड़की किसने खुली छोड़ी?",
        "दो बूढ़े आदमी पेड़ के नीचे शतरंज खेल रहे हैं और तीसरा देख रहा है।",
        "हर सुबह नाश्ते से पहले जुड़वाँ नदी तक दौड़ते हैं।",
        "दाम ₹1,299.99 से बढ़कर ₹1,350.00 हो गया।",
    ],
    "symbols": [
        "Great job 👍👍🏽 see you soon 😀😀!!!",
        "👩‍👩‍👧‍👦 family, 🇩🇪 flag, ❤️ heart",
        "&quot;Rock &amp; Roll&quot; &lt;b&gt;lives&lt;/b&gt; &amp;amp; &apos;dies&apos;",
        "a&b; c&d;; &amp &quot &lt;&gt; &nbsp;",
        "1,000,000.5 -1.5e-3 3-4 5- -6 7.8.9 10,11 .5 5. ,5 5,",
        "!?.,;:-_'\"()[]{}<>/\\|@#$%^&*+=~`",
        "x=1;y=2;z=[a,b,c];print(f'{x}/{y}')",
        "cost: ¥500 / £3 / €4 ± 5° © ® ™ § ¶ № ∑ ≠ ∞ → ←",
        "Ⅷ ½ ² ₃ ① ٣ 三 ৪",
        "state-of-the-art, self-made, 50-50, e.g., i.e., etc.",
        "<skipped> and again <skipped>",
        "it's John's dogs' cats's 's s's",
        "İstanbul'da ılık IŞIK, STRASSE ẞ ß, ΧΑΟΣ Σ σς",
        "e\u0301 vs \u00e9, n\u0303 vs \u00f1, \ufb01 vs fi",
        "no\u00a0break thin\u2009space ideographic\u3000space zero\u200bwidth tab\there",
        "unit\u001fseparator and next\u0085line and form\u000cfeed",
        "  leading and   many    inner spaces   ",
        "mixed\t tab \t and  \u00a0 spaces",
    ],
}

# Lines of scripts that have no spaces between words, beside those of Chinese and Japanese above.
UNSPACED = [
    "“图书馆”——周一至周五：9:00—17:30，周末休息……",
    "他买了2.5kg苹果、1/2个西瓜（共¥38.60），OK吗？",
    "《山海经》第3版&amp;附录；ISBN 978-7-04-000000-0。",
    "氵冫刂⺮⽔，㐀㒨䶵䶶一龥龦龻龼𠀀𪛖豈﨎舘都並",
    "ＡＢＣ１２３ｶﾀｶﾅﾞ￥～｜ﾡ￦",
    "明日の天気は、くもり時々雨でしょう。",
    "พรุ่งนี้เราจะไปตลาดน้ำกันแต่เช้า",
    "เด็กๆ วิ่งเล่นอยู่ในสวนหน้าบ้าน",
    "ខ្ញុំចូលចិត្តអានសៀវភៅនៅពេលល្ងាច",
    "ຂ້ອຍມັກດື່ມກາເຟຕອນເຊົ້າ",
    "မနက်ဖြန် ကျွန်တော်တို့ ဈေးသွားမယ်",
    "ང་ཚོ་སང་ཉིན་ཁྲོམ་ལ་འགྲོ་གི་ཡིན།",
    "내일은 비가 온다고 합니다.",
    "第①章、㈱テスト㍻☀✂→≠€“”‘’‹›…‰",
]

# The first and the last character of blocks of Chinese characters and marks.
EDGES = [
    0x2000, 0x2001, 0x200b, 0x2010, 0x2026, 0x20ac, 0x2190, 0x25a0, 0x2600, 0x27bf, 0x2a6d, 0x2a6e, 0x2e80, 0x2eff,
    0x2f00, 0x2f80, 0x2fa1, 0x2fdf, 0x2ff0, 0x3000, 0x303f, 0x3040, 0x30ff, 0x3100, 0x312f, 0x31a0, 0x31bf, 0x31c0,
    0x31ef, 0x31f0, 0x3200, 0x32ff, 0x3300, 0x33ff, 0x3400, 0x4db5, 0x4dbf, 0x4e00, 0x9fa5, 0x9fa6, 0x9fbb, 0x9fff,
    0xac00, 0xf900, 0xfa2d, 0xfa30, 0xfa6a, 0xfa70, 0xfad9, 0xfe10, 0xfe1f, 0xfe30, 0xfe4f, 0xff00, 0xffef, 0x20000,
    0x2a6d6, 0x2f800, 0x2fa1d,
]

# Pairs that edits do not make: hypothesis, reference.
PAIRS = [
    ("", ""),
    ("", "There is a reference here."),
    ("There is only a hypothesis here.", ""),
    ("   ", " "),
    (".", "."),
    ("a", "a"),
    ("a", "b"),
    ("a b", "a b"),
    ("a b c", "a b c"),
    ("a b c d", "a b c d"),
    ("ab", "ba"),
    ("b a", "a b"),
    ("a b c d e f", "f e d c b a"),
    ("the the the the the the the", "the cat is on the mat"),
    ("c d e f a b", "a b c d e f"),
    ("x a b c d e f g h i j k l", "a b c d e f g h i j k l x"),
    ("Same words SAME WORDS", "same words same words"),
    ("no match at all", "completely different reference text"),
    ("a a a a b b b b", "b b b b a a a a"),
    ("to go or not to go was all that she asked", "was all that she asked to go or not to go"),
    ("one two three four five six seven eight nine ten eleven twelve thirteen",
     "eight nine ten eleven twelve thirteen one two three four five six seven"),
    ("word", "a very long reference of which the hypothesis has only the last word"),
    ("a very long hypothesis of which the reference has only the last word", "word"),
    ("abababababab", "babababababa"),
    ("intention", "execution"),
]

REPLACEMENTS = ["it", "green", "Haus", "maison", "и", "και", "的", "の", "في", "है", "42", "—", "😀"]


def edit(rng, line, strength):
    """A line after some random edits."""
    words = line.split(" ")
    for _ in range(strength):
        if not words:
            break
        at = rng.randrange(len(words))
        kind = rng.randrange(9)
        if kind == 0:
            del words[at]
        elif kind == 1:
            words.insert(at, words[at])
        elif kind == 2:
            words[at] = rng.choice(REPLACEMENTS)
        elif kind == 3:
            to = rng.randrange(len(words))
            words.insert(to, words.pop(at))
        elif kind == 4:
            end = min(len(words), at + rng.randrange(1, 5))
            phrase = words[at:end]
            del words[at:end]
            to = rng.randrange(len(words) + 1)
            words[to:to] = phrase
        elif kind == 5:
            words[at] = words[at].swapcase()
        elif kind == 6:
            words[at] = words[at].strip(".,!?;:\"'()") + rng.choice(["", ",", ".", "!"])
        elif kind == 7 and len(words[at]) > 1:
            characters = list(words[at])
            spot = rng.randrange(len(characters) - 1)
            characters[spot], characters[spot + 1] = characters[spot + 1], characters[spot]
            words[at] = "".join(characters)
        elif kind == 8 and len(words[at]) > 1:
            spot = rng.randrange(len(words[at]))
            words[at] = words[at][:spot] + words[at][spot + 1:]
    return " ".join(words)


def edit_characters(rng, line, strength):
    """A line after some random edits of its characters."""
    return edit(rng, " ".join(line), strength).replace(" ", "")


def groups():
    """Groups of (hypothesis, references); within a group all segments have as many references."""
    rng = random.Random(20240229)
    for name, sentences in SENTENCES.items():
        yield name, [(edit(rng, line, rng.randrange(0, 7)), [line]) for line in sentences]
    yield "pairs", [(hypothesis, [reference]) for hypothesis, reference in PAIRS]

    every = [line for sentences in SENTENCES.values() for line in sentences]
    yield "shuffled", [(edit(rng, line, rng.randrange(8, 20)), [line]) for line in rng.sample(every, 60)]
    yield "references", [
        (edit(rng, line, 4), [edit(rng, line, strength) for strength in (0, 3, 6)])
        for line in rng.sample(every, 40)
    ]
    yield "unrelated", [(line, [other]) for line, other in zip(rng.sample(every, 12), rng.sample(every, 12))]

    english, german = " ".join(SENTENCES["english"]), " ".join(SENTENCES["german"])
    chinese = "".join(SENTENCES["chinese"])
    yield "long", [
        (edit(rng, english, 30), [english]),
        (edit(rng, german + " " + english, 60), [english + " " + german]),
        (edit(rng, " ".join([german] * 2), 50), [" ".join([german] * 2)]),
        (chinese[20:] + chinese[:20], [chinese]),
        (" ".join(rng.choice("abc") for _ in range(150)), [" ".join(rng.choice("abc") for _ in range(130))]),
        ("x " * 200, ["y " * 3]),
        ("y", ["x y z " * 60]),
        ("a b", [english]),
    ]

    # Scripts without spaces: edits of characters instead of words, three references each.
    rng = random.Random(20241105)
    unspaced = UNSPACED + SENTENCES["chinese"] + SENTENCES["japanese"]
    yield "unspaced", [
        (edit_characters(rng, line, 4), [edit_characters(rng, line, strength) for strength in (0, 3, 6)])
        for line in unspaced
    ]
    # Every character at an edge of a block that some tokenizer sets off, and its neighbours.
    edges = "".join(chr(point + by) for point in EDGES for by in (-1, 0, 1) if not 0xd800 <= point + by < 0xe000)
    lines = [" ".join(f"a{edge}b" for edge in edges[at:at + 12]) for at in range(0, len(edges), 12)]
    yield "edges", [(edit(rng, line, 3), [line]) for line in lines]


METRICS = {
    "bleu": BLEU(),
    "bleu-lowercase": BLEU(lowercase=True),
    "bleu-none": BLEU(tokenize="none", force=True),
    "bleu-intl": BLEU(tokenize="intl"),
    "bleu-intl-lowercase": BLEU(tokenize="intl", lowercase=True),
    "bleu-char": BLEU(tokenize="char"),
    "bleu-zh": BLEU(tokenize="zh"),
    "bleu-zh-lowercase": BLEU(tokenize="zh", lowercase=True),
    "bleu-effective": BLEU(effective_order=True),
    "bleu-floor": BLEU(smooth_method="floor"),
    "bleu-floor-half": BLEU(smooth_method="floor", smooth_value=0.5),
    "bleu-add-1": BLEU(smooth_method="add-k"),
    "bleu-add-2-effective": BLEU(smooth_method="add-k", smooth_value=2, effective_order=True),
    "bleu-unsmoothed": BLEU(smooth_method="none"),
    "chrf": CHRF(),
    "chrf++": CHRF(word_order=2),
    "chrf++-lowercase": CHRF(word_order=2, lowercase=True),
    "chrf-whitespace": CHRF(whitespace=True),
    "chrf++-epsilon": CHRF(word_order=2, eps_smoothing=True),
    "chrf3-order4": CHRF(char_order=4, word_order=1, beta=3),
    "ter": TER(),
    "ter-cased": TER(case_sensitive=True),
    "ter-normalized": TER(normalized=True),
    "ter-no-punctuation": TER(no_punct=True),
    "ter-normalized-asian": TER(normalized=True, asian_support=True),
    "ter-bare-asian": TER(normalized=True, no_punct=True, asian_support=True, case_sensitive=True),
}
PRINTED = {"bleu", "chrf++", "ter"}


def errors(hypotheses, references):
    """What jiwer counts."""
    words = jiwer.process_words(references, hypotheses)
    characters = jiwer.process_characters(references, hypotheses)
    return {
        name: [rate, output.hits, output.substitutions, output.deletions, output.insertions]
        for name, rate, output in (("wer", words.wer, words), ("cer", characters.cer, characters))
    }


def sentence(hypothesis, references):
    record = {"values": {}, "printed": {}}
    for name, metric in METRICS.items():
        score = metric.sentence_score(hypothesis, references)
        record["values"][name] = score.score
        if name in PRINTED:
            record["printed"][name] = str(score)
    if len(references) == 1:
        record["errors"] = errors([hypothesis], references)
    return record


def corpus(segments):
    hypotheses = [hypothesis for hypothesis, _ in segments]
    streams = [list(stream) for stream in zip(*(references for _, references in segments))]
    record = {"values": {}, "printed": {}}
    for name, metric in METRICS.items():
        score = metric.corpus_score(hypotheses, streams)
        record["values"][name] = score.score
        record["printed"][name] = score.format(signature=str(metric.get_signature()))
    if len(streams) == 1:
        record["errors"] = errors(hypotheses, streams[0])
    return record


def main():
    def write(record):
        sys.stdout.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")

    from importlib.metadata import version

    write({"script": "make.py", "sacrebleu": sacrebleu.__version__, "jiwer": version("jiwer"), "metrics": list(METRICS)})
    everything = []
    for name, segments in groups():
        for hypothesis, references in segments:
            head = {"group": name, "hypothesis": hypothesis, "references": references}
            write(head | sentence(hypothesis, references))
        write({"group": name, "corpus": corpus(segments)})
        everything += [segment for segment in segments if len(segment[1]) == 1]
    write({"group": "all with one reference", "corpus": corpus(everything)})


if __name__ == "__main__":
    main()
