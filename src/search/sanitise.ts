import { cut, decodeEntities } from "./plain.ts";

/** Letters of a text that are looked at; what follows is left out before any work. */
const lettersReadMax = 40_000;

/** Letters that nobody sees, that change the direction of others, or that smuggle text past the eye. */
const invisible = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cs}\p{Co}\p{Cn}]|(?![\n\t])\p{Cc}/gu;

/** Everything that is a new line to somebody. */
const lineBreak = /\r\n?|[\v\f\u0085\u2028\u2029]/g;

/** Elements whose content is not for readers. */
const hiddenElements = [
  "script",
  "style",
  "noscript",
  "template",
  "iframe",
  "object",
  "svg",
  "head",
  "textarea",
];

/** What chat templates put between turns, in square brackets; those in angle brackets go with all of their kind. */
const bracketed =
  /\[\s*\/?\s*(?:INST|SYS|SYSTEM|SYSTEM_PROMPT|USER|ASSISTANT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|MODEL_SETTINGS|ARGS|CALL_ID|IMG(?:_BREAK|_END)?|AUDIO|BEGIN_AUDIO|gMASK|MASK|CLS|SEP|UNK|PAD|BOS|EOS|THINK|PREFIX|SUFFIX|MIDDLE|TRUSTED|web_results[^\]]{0,80})\s*\]/gi;

/** `<|im_start|>`, `<start_of_turn>`, `</s>`, `<<SYS>>`, DeepSeek's full-width bars: an angle bracket before a word. */
const angled = /<{1,2}(?:[/!?]?[|｜]\s*)?[/!?]?[\p{L}_][^<>\n]{0,300}[|｜]?\s*>{1,2}/gu;

/** MiniMax's, which are in square brackets and tildes: `]~!b[`, `]~b]system`, `[e~[`. */
const tilded = /\]\s?~[\s!\w]{0,4}[[\]]|\[\s?\w?\s?~\s?\[/g;

/** What is left of such a token when its other end is missing. */
const halves = /<[/!?|｜]|[|｜]>|<(?=[\p{L}_])|<<+|>>+/gu;

const roles =
  "system|developer|user|human|assistant|ai|bot|model|tool|function|observation|instructions?|response|input|output|prompt|question|answer|web_results|end of (?:web )?results|ignore|important";

/** A heading that would begin a turn: `### System:`, `**Assistant**:`, `Human:` at the start of a line. */
const roleHeading = new RegExp(
  `^[ \\t#>*_=~|-]*(?:${roles})[ \\t]*(?:message|prompt|turn)?[ \\t]*[*_]*[ \\t]*(?::|：|\\|)[*_ \\t]*|^[ \\t>*_=~|-]*#[ \\t#>*_=~|-]*(?:${roles})[ \\t*_]*$`,
  "gimu",
);

/** `Sources:` headings and numbers at the start of a line would pass for entries of the block itself. */
const entryNumber = /^[ \t]*\[\d{1,3}\][ \t]*/gm;

const image = /!\[[^[\]\n]{0,500}\]\s?(?:\([^()[\]\n]{0,2000}\)?|\[[^[\]\n]{0,200}\])?/g;
/** Nothing in it may begin another one: so no letter is looked at twice. */
const link = /\[([^[\]\n]{1,300})\]\([^()[\]\n]{0,2000}\)/g;
/** What is still a link or a picture to somebody, whatever stands in its brackets: a space in it makes it none. */
const linkJoint = /(?<=\])(?=\()|(?<=!)(?=\[)/g;

/** Where the addresses of reference links stand. */
const linkDefinition = /^[ \t]*\[[^\]\n]{1,100}\]:[^\n]*$/gm;

/** The marks of a heading: some templates begin turns with them. */
const headingMark = /^[ \t>]*#+[ \t]*/gm;

/** Runs that carry no words: base64, keys, data addresses. */
const blob = /[\w+/=-]{120,}/g;

/** Each round may bring to light what the one before took apart; every one makes the text shorter. */
const roundsMax = 8;

/**
 * A text from the web that can be put before a model: without markup, pictures, hidden letters and anything that a chat
 * template could take for the end of a turn. `marker` is taken out too. Such a text still says what its writer wants: it
 * is data, and the block around it says so.
 */
export function sanitise(text: string, marker: string): string {
  let rest = visible(cut(text, lettersReadMax));
  for (let round = 0; round < roundsMax; round += 1) {
    const next = onceOver(rest, marker);
    if (next === rest) return tidy(rest);
    rest = next;
  }
  return tidy(
    onceOver(rest, marker)
      .replace(/[<>|[\]｜&]/g, " ")
      .replaceAll(marker, " "),
  );
}

/** Full-width and styled letters as plain ones, so that `＜｜im_start｜＞` is what it looks like. */
const visible = (text: string): string =>
  cut(withoutHidden(text).normalize("NFKC"), lettersReadMax).replace(lineBreak, "\n").replace(invisible, "");

function onceOver(text: string, marker: string): string {
  return visible(decodeEntities(text))
    .replace(image, " ")
    .replace(link, "$1")
    .replace(linkJoint, " ")
    .replace(angled, " ")
    .replace(halves, " ")
    .replace(bracketed, " ")
    .replace(tilded, " ")
    .replace(roleHeading, "")
    .replace(headingMark, "")
    .replace(linkDefinition, "")
    .replace(entryNumber, "")
    .replace(blob, " ")
    .replace(/web_results/gi, " ")
    .replaceAll(new RegExp(escaped(marker), "gi"), " ");
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function tidy(text: string): string {
  return text
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{2,}/g, "\n")
    .trim();
}

/**
 * Comments and elements that are not shown. A comment that is not closed goes on to the end; an element that is not is
 * spoken of rather than meant.
 */
function withoutHidden(text: string): string {
  const comment = { open: "<!--", close: "-->", after: /[^]/, goesOn: true };
  return hiddenElements.reduce(
    (rest, name) =>
      withoutSpans(rest, { open: `<${name}`, close: `</${name}`, after: /[\s/>]/, goesOn: false }),
    withoutSpans(text, comment),
  );
}

interface Span {
  readonly open: string;
  readonly close: string;
  /** What must follow what opens it, so that `<header>` is no `<head>`. */
  readonly after: RegExp;
  /** Whether one that nothing closes goes on to the end. */
  readonly goesOn: boolean;
}

function withoutSpans(text: string, { open, close, after, goesOn }: Span): string {
  const lower = text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  let kept = "";
  let at = 0;
  let from = 0;
  for (let start = lower.indexOf(open); start >= 0; start = lower.indexOf(open, from)) {
    from = start + open.length;
    if (!after.test(lower.charAt(from))) continue;
    const end = lower.indexOf(close, from);
    if (end < 0 && !goesOn) break;
    kept += `${text.slice(at, start)} `;
    if (end < 0) return kept;
    at = lower.indexOf(">", end) + 1 || lower.length;
    from = at;
  }
  return kept + text.slice(at);
}

const urlLettersMax = 500;

/**
 * An address as it may stand in the block: its brackets and bars are escaped. Of one that is too long its query is left
 * out, or all but its host: half an address leads nowhere.
 */
export function sanitiseUrl(url: string, marker: string): string {
  const withoutMarker = new RegExp(escaped(marker), "gi");
  const plain = withEscapes(url).replaceAll(withoutMarker, "-");
  if (plain.length <= urlLettersMax) return plain;
  const page = plain.replace(/[?#].*$/, "");
  return page.length <= urlLettersMax ? page : cut(/^\w+:\/\/[^/]*/.exec(page)?.[0] ?? "", urlLettersMax);
}

const withEscapes = (url: string): string =>
  url.replace(/[^\u0021-\u007e]|[<>[\]|{}"'`\\^()]/gu, (letter) =>
    Buffer.from(letter).toString("hex").toUpperCase().replace(/../g, "%$&"),
  );
