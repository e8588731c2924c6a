/** Phrases in which a time word means no time, as sources of regular expressions by language. */
const phrases: Readonly<Record<string, readonly string[]>> = {
  en: [
    // What flows.
    "(?:electric(?:al)?|alternating|direct|eddy|induced|induction|ocean|oceanic|sea|water|air|wind|tidal|rip|marine|coastal|surface|deep|convection|leakage|inrush|fault|short[- ]circuit|bias|base|collector|phase|rated|input|output|load|idle|ac|dc|under|over|cross|jet stream|gulf stream) currents?",
    "current (?:flow|density|source|sink|mirror|ratio|divider|limiter|loop|sensor|clamp|meter|gain|draw|transformer|carrying|strength)s?",
    "currents?(?=\\s*(?:[?.!,;:]|$)|\\s+(?:is|are|was|in|through|of|flows?|flowing|works?|direction|speed)(?!\\p{L}))",
    // Money, affairs and titles.
    "current (?:accounts?(?! (?:interest|rate|offer|deal|switch))|assets?|liabilit(?:y|ies)|ratio|biology|opinion in|93)",
    "(?:today|tonight) (?:show|programme|program)(?!s)",
    "(?:psychology|physics|christianity|history|medical news) today",
    "(?:usa|india|russia) today(?= (?:newspaper|magazine|channel|network|owner|website|circulation|founding))",
    "apocalypse now|now that(?:'s|s)?(?!\\p{L})|now you see me|now tv|last week tonight|(?:the )?love tonight",
    "(?:sang|sings|wrote|composed|covered) yesterday(?=\\s*(?:[?.!,]|$))|yesterday once more|yesterday(?= (?:beatles|lyrics|chords))",
    "tomorrow never (?:dies|knows)|edge of tomorrow|day after tomorrow(?= (?:movie|film|cast|director|plot))|tomorrow x together|tomorrow,? and tomorrow",
    "last night in soho|last night of the proms|told you lately",
    // What programs and lists call so.
    "current (?:working )?(?:director(?:y|ies)|dir|folder|branch|url|user|thread|process|timestamp|line|commit|element|row|cursor|session|scope|context|page|tab|window|index|iteration|path|shell)",
    "how (?:to|do i|do you|can i|would i) (?:get|print|return|insert|format|display|store) (?:the )?current (?:date|time|datetime|year|month|day)",
    "(?:least|most) recently used|recently (?:deleted|viewed|used)|most recent common|recent (?:memory|history|items|files|ancestors?)",
    "newest (?:first|to oldest)|to newest|latest tag|at (?:the|your) (?:very )?latest",
    // "Now" that begins a talk or ends a time.
    "(?<=(?:^|[.!?\\n])\\s*)now(?=,| (?:explain|describe|write|tell|give|show|list|let|what|who|how|why|when|where|which|do|can|i|we|please|translate|compare|summari[sz]e)(?!\\p{L}))",
    "(?:until|till|by|up to|from|for|and) now(?! playing)|now (?:called|known|defunct|named)",
    "so far (?:as|away|so good|apart|back)",
  ],
  de: [
    "gerade[rnms]? (?:(?:und|oder) ungerade[rnms]? )?(?:zahl|funktion|linie|strecke|anzahl|potenz|permutation|nummer|seite)(?:en|n)?",
    "(?:un)?gerade (?:und|oder) (?:un)?gerade|gerade(?=\\s+(?:ist|und|oder|sein)(?!\\p{L}))|(?:eine|einer|nicht) gerade[rn]?",
    "(?:guten|heute|gestern|am|jeden|gegen|der|den|diesen|eines) morgen|(?<=^\\s*)morgen(?=\\s*[,!])",
    "heute[ -](?:show|journal)|zdf heute|aktuelle (?:kamera|stunde)|(?:das|im) aktuelle[ns]? sportstudio|bis heute",
    "im moment (?:de[rs]|als|wo)",
  ],
  fr: [
    "derni(?:er|ère)s? (?:roi|reine|empereur|tsar|pharaon|nom|samouraï|mohicans?|métro|tango|jugement|cène|repas|jour d'un|mot|lettre|étage|recours|survivant|glaciation|chance)",
  ],
  es: [
    "últim[oa]s? (?:cena|rey(?:es)?|reina|emperador|zar|faraón|tango|mohicano|samur[aá]i|juicio|letra|palabra|voluntad|superviviente|glaciación|apellido)",
    "(?:por|de|en|a|toda|cada) la mañana|las mañanas|buenas? mañana",
  ],
  it: [
    "ultim[oaie] (?:cena|re|regina|imperatore|zar|faraone|tango|samurai|moicano|giudizio|lettera|parola|piano|glaciazione|nome)",
  ],
  pt: [
    "últim[oa]s? (?:ceia|rei|rainha|imperador|czar|faraó|tango|samurai|moicano|letra|palavra|vontade|sobrenome|glaciação)",
  ],
  nl: [
    "laatste (?:avondmaal|tsaar|koning|koningin|keizer|farao|letter|woord|wil|samoerai|mohikaan|ijstijd|naam)",
    "goe(?:de|ie) ?morgen|(?:de|elke|iedere|'s|in de) morgen",
    "nu[ -](?:metal|jazz|disco|soul)",
  ],
  sv: ["nu[ -](?:metal|jazz|disco|soul)"],
  pl: [
    "ostatni\\p{L}* (?:wieczerz|król|car(?!\\p{L}{4})|cesarz|faraon|liter|wol|samuraj|mohikan|sąd|nazwisk)\\p{L}*",
  ],
  ru: ["последн\\p{L}+ (?:цар|император|корол|фараон|самура|могикан|букв|слов|вол|вечер|суд|фамили)\\p{L}*"],
  tr: [
    "son (?:osmanlı|\\p{L}+ padişah|padişah|imparator|kral|firavun|samuray|mohikan|akşam yemeği|harf|söz|ek)\\p{L}*",
  ],
  zh: ["今日头条|明日方舟|明日之后"],
  ja: ["明日香|今日から俺は"],
};

const border = "(?<![\\p{L}\\p{N}])";
const unspaced = new Set(["zh", "ja"]);

const patterns = new Map(
  Object.entries(phrases).map(([language, sources]) => [
    language,
    new RegExp(
      sources.map((source) => `${unspaced.has(language) ? "" : border}(?:${source})`).join("|"),
      "giu",
    ),
  ]),
);

/** Beside one of these a current is one of electricity. */
const ofElectricity =
  /\b(?:volt(?:s|age)?|amp(?:s|eres?|erage)|ohms?|resist(?:or|ance)|circuits?|wires?|conductors?|inductor|capacitor|diode|transistor|semiconductor|solenoid|magnetic|edison|westinghouse)\b/i;

/** A text in which the phrases that mean no time are filled up, as long as it was. */
export function withoutOtherMeanings(text: string, languages: readonly string[]): string {
  const plain = languages.reduce((rest, language) => {
    const pattern = patterns.get(language);
    return pattern === undefined ? rest : rest.replace(pattern, filled);
  }, text);
  return ofElectricity.test(plain) ? plain.replace(/\bcurrents?\b/gi, filled) : plain;
}

/** Stands for what is not read: neither space nor letter, so that what follows it begins no sentence. */
export const filled = (text: string): string => "0".repeat(text.length);
