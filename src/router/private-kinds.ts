import type { PrivateKind } from "../core/private-kinds.ts";

/** Whether a text has something of each kind. All are linear: what repeats without bound begins at one place only. */
export const findsKind: Readonly<Record<PrivateKind, (text: string) => boolean>> = {
  private_key: (text) => text.includes("PRIVATE KEY") && keyHead.test(text),
  api_key: (text) => apiKey.test(text) || hasModelKey(text) || hasBearer(text) || hasNamedKey(text),
  jwt: (text) => text.includes("eyJ") && jwt.test(text),
  password: (text) => hasPassword(text) || hasUrlPassword(text) || hasCommandPassword(text),
  card_number: hasCard,
  iban: (text) =>
    some(text, ibanLike, ([found, sign]) => isIban(found.replaceAll(/[ -]/g, ""), sign !== undefined)),
  us_ssn: (text) => ssn.test(text) || saidSsn.test(text),
  email: hasEmail,
  phone: (text) => some(text, phoneLike, ([found]) => isPhone(found)) || saidPhone.test(text),
  ip_private: (text) => ipv4.test(text) || ipv6.test(text),
};

function some(text: string, pattern: RegExp, isIt: (match: RegExpExecArray) => boolean): boolean {
  for (const match of text.matchAll(pattern)) if (isIt(match)) return true;
  return false;
}

/** With something of the key behind it: code names the head alone. */
const keyHead = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----\s{1,8}[\w+/=]{4}/;

/** Forms that providers give their keys. Source: their documentation, and GitHub's list of secret scanning patterns. */
const apiKey = new RegExp(
  [
    String.raw`\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16}`,
    String.raw`\bgh[pousr]_[A-Za-z0-9]{36}`,
    String.raw`\bgithub_pat_\w{22}`,
    String.raw`\bglpat-[\w-]{20}`,
    String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
    String.raw`\bAIza[\w-]{35}`,
    String.raw`\bxox[abeoprs]-[\w-]{10}`,
    String.raw`\bxapp-\d-[\w-]{10}`,
    String.raw`\bhooks\.slack\.com/services/T\w{6}`,
    String.raw`\bnpm_[A-Za-z0-9]{36}`,
    String.raw`\bpypi-AgE[\w-]{50}`,
    String.raw`\bhf_[A-Za-z0-9]{30}`,
    String.raw`\bSG\.[\w-]{22}\.[\w-]{43}`,
    String.raw`\bdop_v1_[a-f0-9]{64}`,
    String.raw`\bshp(?:at|ca|pa|ss)_[a-f0-9]{32}`,
    String.raw`\bya29\.[\w-]{20}`,
    String.raw`\bGOCSPX-[\w-]{28}`,
    String.raw`\b(?:(?:gsk|r8)_|(?:xai|pplx|tvly|fc)-)[A-Za-z0-9]{32}`,
    String.raw`\bAccountKey=[A-Za-z0-9+/]{40}`,
    String.raw`\b\d{8,10}:AA[\w-]{33}`,
    String.raw`\bAGE-SECRET-KEY-1[A-Z0-9]{20}`,
  ].join("|"),
);
/** As providers of models give them; names of styles and packages begin so too. */
const modelKey = /(?<![A-Za-z0-9-])sk-(?:ant-|or-|proj-|svcacct-)?([\w-]{20,300})/g;

const hasModelKey = (text: string): boolean => some(text, modelKey, ([, value = ""]) => hasMixedRun(value));

const bearer =
  /\b(?:(?:proxy-)?authorization["']?\s{0,3}[:=]\s{0,3}["']?(?:bearer|basic|token)|bearer)\s([\w+/.~=-]{16,4000})/gi;

const hasBearer = (text: string): boolean =>
  some(text, bearer, ([, value = ""]) => /\d/.test(value) && !/your[_-]|example/i.test(value));

/** `AZURE_OPENAI_KEY=...` and `token: ...`: of no known form, but long and mixed as no word is. */
const namedKey =
  /(?:[A-Z0-9]_KEY|(?:[Ss]ecret|[Aa]ccess|[Aa]uth|[Pp]rivate|[Aa]pi|[Aa]ccount|[Ss]ubscription)[_-]?[Kk]ey|\b[Tt]oken|TOKEN)["']?\s{0,3}[:=]\s{0,3}["']?([\w+-]{16,200})(?![\w(.+-])/g;

const hasNamedKey = (text: string): boolean =>
  some(text, namedKey, ([, value = ""]) => hasMixedRun(value) && !isPlaceholder(value));

/** Letters and digits as they stand in no word and no name. */
const hasMixedRun = (value: string): boolean =>
  value.split(/[_-]/).some((run) => run.length >= 8 && /(?:\d\D*){3}/.test(run) && /[A-Za-z]/.test(run));

const jwt = /(?<![\w-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10}/;

const secretWords =
  "password|passwd|pwd|(?:db|user|root|admin|smtp|mail|mysql|pg|redis|ftp|ssh|proxy)[_-]pass|passphrase|passcode|secret|api[_-]?key|" +
  "secret[_-]?(?:access[_-]?)?key|access[_-]?token|auth[_-]?token|client[_-]?secret|passwort|kennwort|contraseña|mot de passe|senha|" +
  "wachtwoord|hasło|şifre|parola|пароль|密码|パスワード|비밀번호";
const passwordLike = new RegExp(
  `(?:${secretWords})["']?(?:\\s{0,4}(?:=>|[:=])\\s{0,4}|\\s(?:is|lautet|ist|es|est|é)\\s)(?:"([^"\\n]{4,200})"|'([^'\\n]{4,200})'|([^\\s"',;]{4,200}))`,
  "gi",
);
/** Where words are not set apart, only what is in Latin letters is no word of the sentence. */
const passwordAfterParticle = /(?:密码|パスワード)\s?(?:是|为|は)\s?([!-~]{4,200})/g;

/** What stands where a secret would: marks, variables, calls, parts of lists and objects, types, paths. */
const placeholders: readonly RegExp[] = [
  /^(?:<.*|\[[^\]]*\]?|\{\{?.*|%\w+%|%\d*s|[#$%]\{.*|[$%]\(.*|`.*|\$[A-Za-z_]\w*(?:$|[[(>.-].*)|[xX*.•_-]+)$/,
  /^[&*!@#%:]+(?:[A-Za-z_.]+$|[A-Za-z_]\w*\.|\[)/,
  /^[&*]*[A-Za-z_$][\w:>$-]*(?:\?\.|\.|::|->)[A-Za-z_$]/,
  /^[&*]*[A-Za-z_$][\w:.>$-]*[<[(]/,
  /^(?:[./~]|https?:)/,
  /^(?:your[_-]?|my[_-])(?:own|new|old|api|db|secret|password|passwd|pass|pw|key|token)[\w-]*$/i,
  // How long one has to be, or a number of something.
  /^\d{1,4}(?:-[\w-]+|[A-Za-z]{1,6})?$/,
];
/** Words that everyone uses in their place. */
const placeholderWord =
  /^&?(?:env|str|string|text|bool|boolean|int|number|null|none|nil|undefined|true|false|required|optional|example|changeme|password|passwd|pass|pwd|secret|redacted|hidden|dummy|placeholder)$/i;

const lettersMin = 4;

const isPlaceholder = (value: string): boolean => {
  const bare = value.replace(/[)\]}>.,;:]+$/, "");
  if (bare.length < lettersMin || placeholderWord.test(bare.replace(/[!?]+$/, ""))) return true;
  return placeholders.some((one) => one.test(value) || one.test(bare));
};

function hasPassword(text: string): boolean {
  const isSaid = some(text, passwordLike, ([found, double, single, bare]) => {
    const quoted = double ?? single;
    // Without quotes a bare word is more often prose or the name of a variable.
    return quoted === undefined ? isSecret(bare ?? "") : isQuotedSecret(found, quoted);
  });
  return isSaid || some(text, passwordAfterParticle, ([, value = ""]) => isSecret(value));
}

/** In quotes a single word is one too, and several are where a value is set: texts of a page stand behind a colon. */
function isQuotedSecret(found: string, value: string): boolean {
  if (isPlaceholder(value) || /^(?:secret|parola)/i.test(found)) return isSecret(value);
  return !/\s/.test(value) || (/^[^:]*=/.test(found) && !/\b(?:password|your|must|enter)\b/i.test(value));
}

const isUnlikeWords = (value: string): boolean => /[\d!@#$%^&*?]/.test(value.replace(/[.!?]+$/, ""));
const isSecret = (value: string): boolean =>
  !isPlaceholder(value) && !/\s/.test(value) && isUnlikeWords(value);

const urlPassword = /:\/\/([^\s/:@]{0,64}):([^\s/@]{3,64})@[\w.-]/g;

/** A port with what follows it is no password, and a server on trial has that of its maker. */
const hasUrlPassword = (text: string): boolean =>
  some(
    text,
    urlPassword,
    ([, user = "", value = ""]) => user !== value && !/^\d+[?#]/.test(value) && !isPlaceholder(value),
  );

/** In command lines and in XML. */
const commandPasswords: readonly RegExp[] = [
  /(?<!\S)--pass(?:word|wd)?[ =]["']?([^\s"'-][^\s"']{3,200})/g,
  /\bmysql(?:dump|admin)?\s(?:[^\n]{0,80}\s)?-p([^\s"'-][^\s"']{3,200})/g,
  /\b(?:curl|wget)\s(?:[^\n]{0,200}\s)?(?:-u|--user)[ =]["']?[^\s:"']{1,64}:([^\s"']{3,200})/g,
];
const passwordInXml = /<(?:password|passwd|secret|apikey|token)>([^<\s]{4,200})<\//gi;

const hasCommandPassword = (text: string): boolean =>
  commandPasswords.some((pattern) => some(text, pattern, ([, value = ""]) => isSecret(value))) ||
  some(text, passwordInXml, ([, value = ""]) => !isPlaceholder(value));

const groupedCard =
  /(?<![\w.-])(?:\d{4}([ ./-]{1,2})\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ ./-]{1,2})\d{6}\2\d{4,5})(?![\w-])/g;
const bareCard = /(?<![\w.-])\d{13,19}(?![\w-])/g;
/** Where there are more long numbers than this, they are ids: every tenth of those looks like the number of a card. */
const bareCardsMax = 3;

function hasCard(text: string): boolean {
  if (some(text, groupedCard, ([found]) => isCard(found.replaceAll(/\D/g, "")))) return true;
  const bare = [...text.matchAll(bareCard)].filter(
    ({ index }) => !/\bid(?:_str)?["']?\s?[:=]\s?["']?$/i.test(text.slice(Math.max(0, index - 12), index)),
  );
  return new Set(bare.map(([found]) => found)).size <= bareCardsMax && bare.some(([found]) => isCard(found));
}

/** Numbers that issuers give, with their lengths. */
const issued =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[068]\d{12}|35\d{14}|6(?:011|5\d\d|4[4-9]\d)\d{12}|62\d{14,17})$/;

function isCard(digits: string): boolean {
  if (!issued.test(digits)) return false;
  let sum = 0;
  for (let nth = 0; nth < digits.length; nth += 1) {
    const digit = Number(digits[digits.length - 1 - nth]);
    const counted = nth % 2 === 0 ? digit : digit * 2;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 === 0;
}

/** In groups of four with one sign between them, or in one piece. */
const ibanLike =
  /(?<![\w-])[A-Z]{2}\d{2}(?:([ -])[A-Z0-9]{4}(?:\1[A-Z0-9]{4}){1,6}(?:\1[A-Z0-9]{1,3})?|[A-Z0-9]{11,30})(?![\w-])/gi;
/** Letters of an IBAN by its country. Source: the SWIFT registry. */
const ibanLetters = new Map(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 " +
    "GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 " +
    "MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);

/** Behind one in groups words may follow, of which only as many letters as the country's have are taken. */
function isIban(letters: string, isGrouped: boolean): boolean {
  const length = ibanLetters.get(letters.slice(0, 2).toUpperCase());
  if (length === undefined || letters.length < length || (!isGrouped && letters.length > length))
    return false;
  const own = letters.slice(0, length);
  const upper = own.toUpperCase();
  if (own !== upper && own !== own.toLowerCase()) return false;
  let rest = 0;
  for (const letter of upper.slice(4) + upper.slice(0, 4)) {
    const value = Number.parseInt(letter, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

const ssn = /(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\d-])/;
const saidSsn = /\b(?:ssn|social security)\b[^\d\n]{0,24}\d{3}[ -]?\d{2}[ -]?\d{4}\b/i;

const emailLike = /(?<=([\w.%+-]{1,64}))@((?:[A-Za-z0-9-]{1,63}\.){1,5})([A-Za-z]{2,24})\b/g;
/** Reserved for examples (RFC 2606), nobody's address, or the name of a picture: `icon@2x.png`. */
const nobodys = /^(?:test|example|invalid|localhost|png|jpe?g|gif|svg|webp)$/i;

function hasEmail(text: string): boolean {
  if (!text.includes("@")) return false;
  return some(text, emailLike, ([, user = "", domain = "", top = ""]) => {
    if (nobodys.test(top) || /(?:^|\.)example\.$/i.test(domain)) return false;
    return !/^(?:git|no-?reply|do-?not-?reply)$/i.test(user);
  });
}

const phoneLike =
  /(?<![\w+])\+\d[\d ()./-]{6,20}\d|(?<![\w.-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])/g;
const saidPhone =
  /\b(?:tel|phone|mobile|cell|handy|telefon|teléfono|telefono|móvil|téléphone|telefone|telefoon)\b[^\d\n+]{0,14}\d[\d ()./-]{5,18}\d/i;

function isPhone(found: string): boolean {
  const digits = found.replaceAll(/\D/g, "");
  // 555-0100 to 555-0199 are kept for fiction.
  return digits.length >= 8 && digits.length <= 15 && !/55501\d\d$/.test(digits);
}

const octet = String.raw`(?:25[0-5]|2[0-4]\d|1?\d?\d)`;
const ipv4 = new RegExp(
  String.raw`(?<![\d.])(?:10\.${octet}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.${octet}\.${octet}(?!\.?\d)`,
);
const ipv6 = /(?<![\w:])f[cd][0-9a-f]{2}:(?:[0-9a-f]{0,4}:){1,6}[0-9a-f]{1,4}(?![\w:])/i;
