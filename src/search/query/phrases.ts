/** What stands before a question and is no part of it. Each is taken off the beginning as long as one fits. */
const leads: readonly RegExp[] = [
  "(?:hi|hello|hey|hallo|hola|bonjour|salut|ciao|olá|oi|servus|moin|привет|здравствуйте|cześć|dzień dobry|merhaba|hej|buongiorno|bonsoir|good (?:morning|evening|afternoon)|guten (?:tag|morgen|abend)|buen[oa]s (?:días|tardes|noches)|bom dia|boa tarde|thanks|thank you|danke|merci|gracias|grazie|obrigad[oa]|ok(?:ay)?|so|well|also|great|cool)(?: there| all| everyone| claude| gpt| chatgpt| so much| a lot)?(?:[,.!:;]| -)+",
  "(?:please|pls|plz|kindly|bitte|s'il (?:te|vous) plaît|svp|stp|por favor|per favore|alsjeblieft|proszę|пожалуйста)",
  // English
  "(?:can|could|would|will|may) (?:you|i|we)(?: please| kindly| maybe| quickly| possibly)?(?: ask(?: you)?)?",
  "(?:i(?:'d| would) (?:like|love)|i (?:want|need)|i(?:'m| am) trying)(?: you)?(?: to (?:know|find out|find|ask|understand|learn|see))?(?: more)?",
  "i(?:'m| am| was)(?: just)? (?:wondering|looking for|curious|interested in|asking)(?: about)?",
  "(?:do you (?:happen to )?know|do you have any idea|any idea|i have a question(?: about)?|(?:quick )?question|help me(?: to)?|let me know)",
  "(?:tell|show|give|teach|remind|inform|get) (?:me|us)(?: again)?(?: (?:more|a bit|a little|something|everything(?: you know)?|all))?",
  "(?:search|look|google|browse)(?: (?:on )?(?:the )?(?:web|internet|online))?(?: up)?(?: for)?",
  "find(?: me| us| out)?(?: (?:some |any )?(?:information|info|details))?",
  "(?:explain|describe|summari[sz]e|outline|discuss|list|define|research|check|write|draft|create|generate)(?: to me| for me| me| us)?(?: (?:a|an|the|some|my))?(?: (?:short|brief|detailed|quick|long))?(?: (?:summary|overview|explanation|poem|essay|article|story|blog post|report|paragraph|tutorial))?",
  "(?:what do you (?:know|think) (?:about|of)|what(?:'s| is) going on with|what about|how about|what happened (?:to|with)(?= \\p{Lu}))",
  "(?:who|what|which)(?:'s| is| are| was| were| r)(?: (?:the|a|an))?",
  "(?:about|regarding|concerning|on|of|for|if|whether|that|out)",
  // German
  "(?:kannst|könntest|können|könnten|würdest|würden) (?:du|sie)(?: (?:mir|uns|bitte|mal|vielleicht|kurz))*",
  "(?:sag|sage|erzähl|erzähle|zeig|zeige|gib|nenn|nenne|erklär|erkläre|such|suche|finde|sagen sie|suchen sie)(?: (?:mir|uns|mal|bitte|nach|heraus|doch|im internet|etwas|mehr|kurz))*",
  "(?:sagen|erklären|erzählen|zeigen|verraten|heraussuchen)",
  "ich (?:möchte|will|würde gerne?)(?: gerne?)?(?: (?:wissen|erfahren))?|(?:weißt du|wissen sie)(?: zufällig)?",
  "(?:wer|was|wie) (?:ist|sind|war|waren|lautet)(?: (?:der|die|das|ein|eine))?",
  "(?:über|ob|dass)|(?:wie|was|wer) (?:das|der|die)(?= .*(?<!\\p{L})(?:ist|wird|sind|war)(?!\\p{L}))",
  // French
  "(?:peux|pourrais)[- ]tu|(?:pouvez|pourriez)[- ]vous|sais-tu|savez-vous",
  "(?:dis|dites|donne|donnez|montre|explique|expliquez|cherche|trouve|raconte|parle)(?:[- ](?:moi|nous))?(?: de)?(?= )",
  "(?:me |nous |m')(?:dire|expliquer|donner|chercher|trouver|montrer)|chercher|trouver",
  "je (?:voudrais|veux|souhaite|cherche|souhaiterais)(?: savoir)?",
  "(?:qui|quel(?:le)?s?)(?: est| sont| était| étaient)(?: (?:le|la|les|l'))?|qu'est-ce que?(?: c'est)?(?: que)?|est-ce que?|c'est quoi|qu'est-ce qui",
  "(?:si|sur)",
  // Spanish
  "(?:puedes|podrías|puede|podría)",
  "(?:dime|dígame|cuéntame|explícame|muéstrame|dame|busca|búscame|encuentra|decirme|explicarme|darme|buscar|buscarme|contarme|háblame)(?: (?:sobre|acerca de|información (?:sobre|de)|de))?",
  "(?:quiero|quisiera|me gustaría) saber(?: más)?|¿? ?sabes",
  "¿? ?(?:quién|quiénes|cuál|cuáles|qué) (?:es|son|fue|era)(?: (?:el|la|los|las|un|una))?",
  "sobre",
  // Italian and Portuguese
  "(?:puoi|potresti|dimmi|spiegami|raccontami|cercami|cerca|mostrami|trova|dirmi|spiegarmi|cercare)(?: (?:di|su|sul|sulla))?",
  "(?:vorrei|voglio) sapere|(?:chi|qual|quale|quali|che cosa|cosa|che) (?:è|sono|era)(?: (?:il|la|lo|i|le|l'))?|cos'è",
  "(?:você )?(?:pode|poderia|podes)(?= )|(?:quero|gostaria de) saber",
  "(?:diga-me|me diga|me diz|me dizer|dizer-me|explique|me explique|procure|busque|encontre|conte-me|fale)(?: sobre)?",
  "(?:quem|qual|quais|o que|que) (?:é|são|foi|era)(?: (?:o|a|os|as|um|uma))?",
  // Dutch, Polish, Russian
  "(?:kun|kan|zou) (?:je|u)(?: (?:me|mij))?|(?:vertel|zeg|geef|zoek|vertellen|zeggen)(?: (?:me|mij))?(?: over)?|(?:wie|wat|welke) (?:is|zijn|was)(?: (?:de|het|een))?",
  "(?:czy )?(?:możesz|mógłbyś|mogłabyś)(?: mi)?|powiedz mi|powiedzieć|(?:kto|co) (?:to )?jest|jak[ai] jest",
  "(?:можешь|можете|могли бы вы|мог бы ты)|(?:скажи|скажите|расскажи|расскажите|объясни|объясните|найди|найдите|покажи|сказать|рассказать|найти)(?: мне)?(?: (?:о|об|про))?",
  "(?:кто|что) (?:такой|такая|такое|это)|я хочу (?:знать|узнать)|какой|какая|какое|каков[ао]?",
].map(
  (source) =>
    new RegExp(
      `^${source.includes("|") ? `(?:${source})` : source}(?![\\p{L}\\p{N}'-])[\\s,:;.!?¡¿-]*`,
      "iu",
    ),
);

const howTo = /^(?:how (?:do|can|should|would|could|to) (?:i|we|you|one)(?: best)?)(?= )/i;

const forms =
  "words?|sentences?|paragraphs?|bullets?|bullet points?|tables?|json|markdown|english|german|french|spanish|brief(?:ly)?|short|concise(?:ly)?|detail(?:ed|s)?|simple|simply|sources?|citations?|links?|step[- ]by[- ]step|tone|format";

/** How the answer is to look, and thanks in advance: no part of what is looked for. */
const instructions: readonly RegExp[] = [
  new RegExp(
    `(?:^|[,.;:(]|\\band\\b|\\bbut\\b|\\s-)\\s*(?:please )?(?:answer|reply|respond|format|output|explain (?:it|this)|keep|use|be|make it|cite|limit)\\b[^.?!:\\n]{0,80}?\\b(?:${forms})\\b[^.?!:\\n]*`,
    "giu",
  ),
  new RegExp(
    `(?:[,.;]|\\band\\b|\\bbut\\b)\\s*(?:please )?(?:write|return|present|summari[sz]e it|give me|include|put|add)\\b[^.?!:\\n]{0,80}?\\b(?:${forms})\\b[^.?!:\\n]*`,
    "giu",
  ),
  /\b(?:in|with|using) (?:at most |max(?:imum)? |no more than |fewer than |less than |about |only )?(?:\d+|one|two|three|four|five|ten|a few|a|single) ?(?:short |simple |brief )?(?:words?|sentences?|paragraphs?|bullets?|bullet points?|lines?)\b/gi,
  /\b(?:in simple terms|in layman's terms|like i'?m (?:five|5)|eli5|step[- ]by[- ]step|as an? (?:table|list|json)|in detail|in bullet points|briefly)\b/gi,
  /[,;]?\s*\b(?:please|pls|thanks(?: in advance| a lot)?|thank you(?: so much| very much)?|thx|for me|if you can|if possible|bitte|danke|s'il (?:te|vous) plaît|svp|stp|merci(?: d'avance| beaucoup)?|por favor|gracias|per favore|grazie|obrigad[oa]|alsjeblieft|dank je|proszę)(?![\p{L}'])\s*[.!?]*\s*$/giu,
  /(?:^|[,.;:]|\bund\b)\s*(?:bitte )?(?:antworte|schreib|schreibe|fasse|erklär es|nutze|verwende)\b[^.?!:\n]*/gi,
  /\b(?:in|mit) (?:einem|zwei|drei|wenigen|kurzen|\d+) (?:kurzen )?(?:satz|sätzen|worten|stichpunkten|stichworten)(?!\p{L})/giu,
  /(?:^|[,.;:]|\bet\b)\s*(?:réponds|répondez|écris|résume)(?!\p{L})[^.?!:\n]*|\ben (?:une|deux|trois|quelques|\d+) (?:phrases?|mots)\b/giu,
  /(?:^|[,.;:]|\by\b)\s*(?:responde|responda|escribe|resume)(?!\p{L})[^.?!:\n]*|\ben (?:una|dos|tres|pocas|\d+) (?:frases?|palabras)\b/giu,
];

/** The sentence without what tells how to answer it. */
export function withoutInstructions(sentence: string): string {
  return instructions.reduce((text, pattern) => text.replace(pattern, " "), sentence).trim();
}

/** More than this many phrases stand before no question. */
const leadsMax = 10;

export interface Asked {
  /** What is asked about. */
  readonly text: string;
  /** Whether the whole of it is the name of something, as after "who is" or "tell me about". */
  readonly isNoun: boolean;
}

const nounLead =
  /^(?:who|what|which)(?:'s| is| are| was| were)|^(?:wer|was) (?:ist|sind|war)|^(?:qui|quel(?:le)?s?) (?:est|sont)|(?:quién|cuál|qué) (?:es|son|fue)|^(?:tell|show|give) (?:me|us)|^(?:quem|qual) (?:é|são|foi)|^(?:chi|qual) (?:è|sono)/i;

/** The sentence without greetings, politeness and the words that only make it a question. */
export function withoutLeads(sentence: string): Asked {
  let text = sentence.trim().replace(/^[¿¡"(\s-]+(?=[^"]*$)/, "");
  let isNoun = false;
  for (let step = 0; step < leadsMax; step += 1) {
    if (howTo.test(text)) return { text: text.replace(howTo, "how to"), isNoun: false };
    const lead = leads.find((pattern) => pattern.test(text));
    if (lead === undefined) break;
    isNoun ||= nounLead.test(text);
    text = text.replace(lead, "");
  }
  return { text: text.trim(), isNoun };
}

const unspacedPhrases: Readonly<Record<string, RegExp>> = {
  zh: /你好|您好|谢谢你?|请问|麻烦你?|请|帮我|你能不能|你能|能不能|可以告诉我|告诉我|我想知道|查一下|搜索一下|搜一下|查查|什么是|谁是|是什么|是谁|有哪些|一下|怎么样|[吗呢吧啊](?=$|[？?。])/g,
  ja: /こんにちは|おはよう(?:ございます)?|ありがとう(?:ございます)?|(?:について)?(?:を)?(?:教えて|調べて|説明して)(?:ください|下さい|ほしい)?|は?(?:何|誰|どこ|いつ)?(?:ですか|でしょうか)|お願いします|とは|について/g,
  ko: /안녕하세요|안녕|감사합니다|(?:에 대해서?)?\s?(?:를|을)?\s?(?:좀\s)?(?:알려|찾아|검색해|설명해)\s?(?:줘|주세요|줄래)(?:요)?|(?:은|는|이|가)?\s?(?:무엇|누구|뭐)(?:인가요|인지|야|예요|에요|입니까)?|인가요|에 대해서?/g,
};

/** The same for languages without spaces between words, or with endings instead; undefined for all others. */
export function withoutPhrases(text: string, language: string | undefined): string | undefined {
  const pattern = unspacedPhrases[language ?? ""];
  if (pattern === undefined) return undefined;
  return text
    .replace(pattern, " ")
    .replace(/[？?。！!、，,：:；;「」]+/g, " ")
    .replace(/(?<!\S)[-+~|<^*]+(?=\S)/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

const questionStart =
  /^(?:who|what|when|where|which|why|how|whose|is|are|was|were|does|do|did|can|could|will|should|has|have|find|search|look|tell|show|compare|explain|wer|was|wann|wo|welche[rsnm]?|warum|wie|wieviel|wieso|gibt|suche?|erkläre?|qui|quand|où|comment|pourquoi|combien|quel(?:le)?s?|cherche|quién|qué|cuál|cuándo|dónde|cómo|cuánt[oa]s?|busca|dime|chi|quando|dove|come|perché|quanto|quale|quem|onde|quanto|wie|wat|waar|wanneer|welke|hoe|kto|gdzie|kiedy|ile|jak|кто|что|где|когда|как|почему|сколько|какой|найди|расскажи)(?![\p{L}'])/iu;

/** Whether a sentence asks for something, by its mark or its first word. */
export function isQuestion(sentence: string): boolean {
  return (
    /[?？؟]\s*$/.test(sentence) ||
    questionStart.test(withoutLeads(sentence).text) ||
    questionStart.test(sentence)
  );
}

const joint =
  /,?\s+(?:and|und|et|y|e|en|i|и)\s+(?=(?:who|what|when|where|which|how|why|wer|was|wann|wo|welche[rs]?|wie|warum|qui|quand|où|comment|combien|quel(?:le)?s?|quién|qué|cuál|cuándo|dónde|cómo|cuánto|chi|quando|dove|quanto|quem|onde|wat|waar|wanneer|hoe|kto|gdzie|kiedy|кто|что|где|когда|сколько)(?!\p{L}))/giu;

/** Two questions that stand in one sentence. */
export const questionsIn = (sentence: string): string[] => sentence.split(joint);
