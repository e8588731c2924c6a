import { isMark, isPlaceholder } from "./placeholder.ts";
import { type Span, spansOf } from "./spans.ts";

const secretWords =
  "password|passwd|pwd|(?:db|user|root|admin|smtp|mail|mysql|pg|redis|ftp|ssh|proxy)[_-]pass|passphrase|passcode|secret|api[_-]?key|" +
  "secret[_-]?(?:access[_-]?)?key|access[_-]?token|auth[_-]?token|client[_-]?secret|passwort|kennwort|contraseña|mot de passe|senha|" +
  "wachtwoord|hasło|şifre|parola|пароль|密码|パスワード|비밀번호";
const passwordLike = new RegExp(
  `(?:${secretWords})["']?(?:\\s{0,4}(?:=>|[:=])\\s{0,4}|\\s(?:is|lautet|ist|es|est|é)\\s)(?:"([^"\\n]{4,200})"|'([^'\\n]{4,200})'|([^\\s"',;]{4,200}))`,
  "gi",
);
/** "... is ...", and not "...: ..." */
const said = /\s(?:is|lautet|ist|es|est|é)\s[^\s"']*$/i;
/** Where words are not set apart, only what is in Latin letters is no word of the sentence. */
const passwordAfterParticle = /(?:密码|パスワード)\s?(?:是|为|は)\s?([!-~]{4,200})/g;

export function* passwords(text: string): Generator<Span> {
  yield* spansOf(text, passwordLike, ([found, double, single, bare]) => {
    const quoted = double ?? single;
    // Without quotes a bare word is more often prose or the name of a variable.
    if (quoted !== undefined) return isQuotedSecret(found, quoted);
    return isSecret(bare ?? "", said.test(found) ? isMark : isPlaceholder);
  });
  yield* spansOf(text, passwordAfterParticle, ([, value = ""]) => isSecret(value));
  yield* spansOf(text, urlPassword, isUrlPassword);
  for (const pattern of commandPasswords) yield* spansOf(text, pattern, ([, value = ""]) => isSecret(value));
  yield* spansOf(text, passwordInXml, ([, value = ""]) => !isPlaceholder(value));
}

/** In quotes a single word is one too, and several are where a value is set: texts of a page stand behind a colon. */
function isQuotedSecret(found: string, value: string): boolean {
  if (isPlaceholder(value) || /^(?:secret|parola)/i.test(found)) return isSecret(value);
  return !/\s/.test(value) || (/^[^:]*=/.test(found) && !/\b(?:password|your|must|enter)\b/i.test(value));
}

const isUnlikeWords = (value: string): boolean => /[\d!@#$%^&*?]/.test(value.replace(/[.!?]+$/, ""));
const isSecret = (value: string, isNone = isPlaceholder): boolean =>
  !isNone(value) && !/\s/.test(value) && isUnlikeWords(value);

const urlPassword = /:\/\/([^\s/:@]{0,64}):([^\s/@]{3,64})@(?=[\w.-])/g;

/** A port with what follows it is no password, and a server on trial has that of its maker. */
const isUrlPassword = ([, user = "", value = ""]: RegExpExecArray): boolean =>
  user !== value && !/^\d+[?#]/.test(value) && !isPlaceholder(value);

/** In command lines and in XML. */
const commandPasswords: readonly RegExp[] = [
  /(?<!\S)--pass(?:word|wd)?[ =]["']?([^\s"'-][^\s"']{3,200})/g,
  /\bmysql(?:dump|admin)?\s(?:[^\n]{0,80}\s)?-p([^\s"'-][^\s"']{3,200})/g,
  /\b(?:curl|wget)\s(?:[^\n]{0,200}\s)?(?:-u|--user)[ =]["']?[^\s:"']{1,64}:([^\s"']{3,200})/g,
];
const passwordInXml = /<(?:password|passwd|secret|apikey|token)>([^<\s]{4,200})<\/\w{0,20}>?/gi;
