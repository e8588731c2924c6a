import { describe, expect, it } from "vitest";
import { compilePattern } from "../../src/lib/pattern.ts";
import type { Message } from "../../src/core/chat.ts";
import { findPrivate, type PrivatePatterns } from "../../src/router/privacy.ts";
import { type PrivateKind, privateKinds } from "../../src/lib/private/kinds.ts";
import { createRandom } from "../support/random.ts";
import { requestOf, user } from "./requests.ts";

const all: PrivatePatterns = { kinds: new Set(privateKinds), own: [] };
const bodyOf = (...parts: Parameters<typeof requestOf>): string => JSON.stringify(requestOf(...parts));
const kindsIn = (text: string, patterns = all) => findPrivate(bodyOf([user(text)]), patterns).kinds;

/** Put together here, so that no scanner takes this file for a leak. */
const key = (prefix: string, length: number): string =>
  prefix + "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC2".repeat(3).slice(0, length);

describe("what is private", () => {
  it.each<[PrivateKind, string]>([
    ["private_key", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"],
    ["private_key", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk"],
    ["private_key", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQVYBGX"],
    ["api_key", `use ${key("sk-", 40)}`],
    ["api_key", `KEY=${key("sk-ant-api03-", 40)}`],
    ["api_key", key("sk-or-v1-", 40)],
    ["api_key", key("ghp_", 36)],
    ["api_key", key("AKIA", 36).toUpperCase().slice(0, 20)],
    ["api_key", key("AIza", 35)],
    ["api_key", key("xoxb-", 20)],
    ["api_key", key("sk_live_", 24)],
    ["api_key", key("glpat-", 20)],
    ["api_key", `Authorization: Bearer ${key("", 30)}`],
    ["jwt", `${key("eyJ", 20)}.${key("eyJ", 30)}.${key("", 43)}`],
    ["password", "password: hunter2!"],
    ["password", 'DB_PASSWORD="correct horse"'],
    ["password", "my password is Sommer2024"],
    ["password", "Passwort: Geheim123"],
    ["password", "contraseña: Verano-24"],
    ["password", "密码：abc12345"],
    ["password", "postgres://admin:s3cr3t-pw@db.internal/x"],
    ["card_number", "pay with 4111 1111 1111 1111 please"],
    ["card_number", "Ann,4111111111111111\nBob,5555555555554444\nCy,378282246310005\nDi,6011111111111117"],
    ["private_key", "KEY=-----BEGIN PRIVATE KEY-----MIIEvQIBADANBgkqhkiG9w0"],
    ["password", "my password is Blue.Horse42! by the way"],
    ["card_number", "4012888888881881"],
    ["card_number", "3782 822463 10005"],
    ["card_number", "5555-5555-5555-4444".replaceAll("-", " ")],
    ["iban", "an DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX"],
    ["iban", "GB82WEST12345698765432"],
    ["iban", "de89 3704 0044 0532 0130 00"],
    ["iban", "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000"],
    ["card_number", "4111\u202f1111\u202f1111\u202f1111"],
    ["card_number", "４１１１１１１１１１１１１１１１"],
    ["api_key", `${key("sk-", 10)}\u200b${key("", 30)}`],
    ["api_key", `KEY_${key("sk-proj-", 40)}`],
    ["api_key", `Bearer ${key("", 30)}`],
    ["api_key", `AZURE_OPENAI_KEY=${key("", 32)}`],
    ["api_key", "token: 0123456789abcdef0123"],
    ["password", "redis://:hunter2x@cache:6379"],
    ["password", "DB_PASS=s3cr3tpass!"],
    ["password", "my password is hunter2hunter"],
    ["password", "backup --password hunter2hunter"],
    ["password", "mysql -u root -phunter2x shop"],
    ["password", "curl -u admin:hunter2x https://host/"],
    ["password", "<password>hunterhunter</password>"],
    ["password", "password: yourMom99!"],
    ["password", "password: trueLove99!"],
    ["password", "(password: s3cr3t99)"],
    ["password", "password: mySecret123!"],
    ["password", 'password: "$ecret99!"'],
    ["card_number", "4111/1111/1111/1111"],
    ["card_number", "4111–1111–1111–1111"],
    ["card_number", "4111  1111  1111  1111"],
    ["iban", "DE89-3704-0044-0532-0130-00"],
    ["us_ssn", "it is 123–45–6789"],
    ["password", "我的密码是 Qwerty123"],
    ["us_ssn", "SSN 078-05-1120"],
    ["us_ssn", "social security number: 078051120"],
    ["email", "write to jane.doe+x@mail.company.co.uk today"],
    ["phone", "call +49 171 2345678"],
    ["phone", "(212) 867-5309"],
    ["phone", "Tel: 0171/2345678"],
    ["ip_private", "ssh root@192.168.1.20"],
    ["ip_private", "http://10.0.13.7:8080/"],
    ["ip_private", "172.31.255.1"],
    ["ip_private", "fd12:3456:789a::1"],
  ])("is a %s in %j", (kind, text) => {
    expect(kindsIn(text)).toContain(kind);
    // Switched off it is not looked for.
    const others = new Set(privateKinds.filter((one) => one !== kind));
    expect(kindsIn(text, { kinds: others, own: [] })).not.toContain(kind);
  });

  it.each([
    "-----BEGIN PUBLIC KEY-----",
    "the task-force-of-twenty-people-and-more asked",
    "How do I set a password in Postgres?",
    "password: string",
    "const password = process.env.DB_PASSWORD;",
    'password: "<your password>"',
    "password: ********",
    "the password is wrong",
    'if (!pem.includes("-----BEGIN PRIVATE KEY-----")) throw new Error("no key");',
    "fn derive(password: &[u8], salt: &[u8]) -> [u8; 32]",
    "cfg := Config{Secret: *secretFlag, Port: 80}",
    "const cfg = { user, password: `${prefix}${pw}`, email: !email, password2: !password.length };",
    "const apiKey = import.meta.env.VITE_API_KEY_1",
    "WHERE name = %(name)s AND password = %(password)s OR password = @password OR password = #{password}",
    "password: $viewModel.password, MasterUserPassword: !Ref DBPassword, password: *default_password",
    "PWD=/home/dev/project2\nOLDPWD=/var/lib/docker/overlay2",
    '{"password": "Enter your password", "errors": {"password": "Must be at least 8 characters"}}',
    "curl -H 'Authorization: Bearer YOUR_ACCESS_TOKEN' https://api.example.com/v1/items",
    "export OPENAI_API_KEY=sk-your-api-key-goes-here",
    "OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "Some say the best password is 8-12 letters long. The secret is 30-minute rests.",
    "Scegli la parola: 'casa' oppure 'albero'",
    "token: VerbalNounToken2Class",
    '<label class="sk-toggleable__label sk-toggleable__label-arrow" id="sk-container-id-1">',
    "postgres://postgres:postgres@localhost:5432/test and http://localhost:8080?notify=a@b.example",
    "x({types:{email:!0,password:!0}}); f({username:t1.value,password:t2.value}); r={secret:e.secret||n0}",
    "password:  1024 bytes, proxy_pass: http://127.0.0.1:8080, high-pass: 120Hz",
    "Password: 12-64 characters, Passcode: 6-digit code, %-10s Password: %20s",
    "local password = ngx.var.arg_password1",
    '{"id": 4539578763621486, "id_str": "4539578763621486"}',
    `order_id\n${Array.from({ length: 60 }, (_, nth) => 4_149_859_995_087_766 + nth * 7_919).join("\n")}`,
    "my password is rejected after the update",
    "How can I tell whether my password is compromised? My password is visible in the log.",
    "What does the --password flag do?",
    "mysql -h db -P3306 -u root -p",
    "curl -u user:pass https://host/",
    "low_pass = 0.25, tests_pass = 1234, two-pass: 10.5s",
    "WiFi密码是什么？怎么修改？",
    "パスワードは8文字以上にしてください",
    "パスワードは何ですか？忘れました",
    "$password = $_POST['password'];",
    "$password = $request->input('password');",
    "$password = $userPassword;",
    "fn login(user: &str, password: &str) -> bool {",
    "api_key=api_keys[0]",
    'cache_key = "feature_1_embedding_v2"',
    "foreign_key: 'orders_2023_customer'",
    "cache-key: v1-dependencies-linux-x64",
    "s3_key = 'uploads/2024/report.pdf'",
    "translation_key: home.section2.title",
    "idempotency-key: 3f2b8c1d-9a77-4e10-8a55-1c2d3e4f5a6b",
    '{"prompt_cache_key":"3f2b8c1d-9a77-4e10-8a55-1c2d3e4f5a6b"}',
    `{"id":"fc_${"67ca09c6bedc8190".repeat(3)}","type":"function_call"}`,
    "token = base64.b64encode(raw)",
    "the token = generateToken1234567890(user)",
    "password: your_password_here",
    "password = get_password()",
    "password: ${DB_PASSWORD}",
    "max_tokens: 4096, token: string",
    "primary_key = order_items_order_id_fkey",
    "tests: 14 pass: 1200 fail: 3",
    "mysql -u root -p shop",
    "curl -u $USER:$PASSWORD https://host/",
    "postgres://user:password@localhost/db",
    "card 4111 1111 1111 1112",
    "at 1732588860000 and 1732588860123456789",
    "9999999999999995",
    "DE89 3704 0044 0532 0130 01",
    "tests 000-12-3456 and 666-12-3456",
    "someone@example.com, a@b.example, git@github.com:me/x.git",
    "icon@2x.png and npm i @types/node@20.19.43",
    "call +1 212 555 0142",
    "between 2024-11-26 and 2025-01-02 at 12:30",
    "127.0.0.1, 8.8.8.8, 172.32.0.1 and Windows 10.0.19041.1",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20",
  ])("is nothing in %j", (text) => {
    expect(kindsIn(text)).toEqual([]);
  });

  it("is said as kinds, each once, and nothing of the text", () => {
    const found = findPrivate(bodyOf([user("jane@mail.com"), user("joe@mail.com, 10.1.2.3")]), all);

    expect(found).toEqual({ kinds: ["email", "ip_private"] });
  });
});

describe("where it is looked for", () => {
  const secret = key("ghp_", 36);
  const call = (args: string): Message => ({
    role: "assistant",
    text: "",
    toolCalls: [{ id: "1", name: "run", arguments: args }],
  });

  it.each<[string, Message[]]>([
    ["the system's words", [{ role: "system", text: secret }, user("hi")]],
    ["an old message", [user(secret), ...Array.from({ length: 40 }, () => user("hi"))]],
    ["what a model thought", [{ role: "assistant", text: "ok", thinking: secret }]],
    ["a tool's result", [{ role: "tool", text: `{"out": "line\\n${secret}"}` }]],
    ["a tool's arguments", [call(JSON.stringify({ script: `x\n${secret}` }))]],
    ["arguments cut short", [call(`{"script": "x\\n${secret}`)]],
    ["arguments in arguments", [call(JSON.stringify({ inner: JSON.stringify({ of: `x\n${secret}` }) }))]],
    ["a role that somebody made up", [{ role: "developer", text: secret }]],
  ])("is %s", (_, messages) => {
    expect(findPrivate(bodyOf(messages), all).kinds).toEqual(["api_key"]);
  });

  it("is what stands behind escapes of JSON", () => {
    const messages = [call('{"password": "hunter2!", "to": "jane\\u0040mail.com"}')];

    expect(findPrivate(bodyOf(messages), all).kinds).toEqual(["password", "email"]);
  });

  it("is the text after a gap, and what tools say of themselves", () => {
    const tool = { name: "f", description: undefined, parameters: { default: secret } };

    expect(findPrivate(bodyOf([], { suffix: secret }), all).kinds).toEqual(["api_key"]);
    expect(findPrivate(bodyOf([], { tools: [tool] }), all).kinds).toEqual(["api_key"]);
  });

  it("is anywhere in a very long request", () => {
    const filler = "lorem ipsum ".repeat(80_000);
    const places = [
      [`${secret} ${filler}`],
      [`${filler} ${secret}`],
      [`${filler}${secret} ${filler}`],
      [filler, secret, filler],
    ];

    for (const texts of places) expect(findPrivate(bodyOf(texts.map(user)), all).kinds).toEqual(["api_key"]);
  });

  it.each<[string, object]>([
    ["two parts of a turn", { content: [{ text: "who is it" }, { text: secret }] }],
    ["a key", { properties: { [secret]: { type: "string" } } }],
    ["a field that nobody knows", { metadata: { deep: [{ x: secret }] } }],
    ["a data URL", { url: `data:image/png;name=${secret};base64,iVBORw0KGgo=` }],
    ["beside a picture", { images: ["A".repeat(100_000)], user: secret }],
  ])("is %s", (_, body) => {
    expect(findPrivate(JSON.stringify(body), all).kinds).toEqual(["api_key"]);
  });

  it("is beside a picture of any size", () => {
    const body = JSON.stringify({ images: ["A".repeat(20_000_000)], user: secret });

    expect(findPrivate(body, all).kinds).toEqual(["api_key"]);
  });

  it("is not in many ids", () => {
    const random = createRandom(3);
    const hex = (count: number) =>
      Array.from({ length: count }, () => Math.floor(random() * 16).toString(16)).join("");
    const ids = Array.from({ length: 20_000 }, () => [8, 4, 4, 4, 12].map(hex).join("-"));
    const hashes = Array.from({ length: 20_000 }, () => hex(40));

    expect(kindsIn([...ids, ...hashes].join("\n"))).toEqual([]);
  });

  it("is not in a picture", () => {
    const picture = `${"A".repeat(6_000)}/AKIA${"Q".repeat(16)}/`;

    expect(findPrivate(JSON.stringify({ images: [picture] }), all).kinds).toEqual([]);
  });
});

describe("an operator's own patterns", () => {
  const ownOnly = (name: string, source: string): PrivatePatterns => ({
    kinds: new Set(),
    own: [{ name, pattern: compilePattern(source) }],
  });

  it("are known by their names, every time", () => {
    const patterns = ownOnly("ticket", String.raw`PROJ-\d+`);

    expect([1, 2, 3].map(() => kindsIn("see PROJ-77", patterns))).toEqual([
      ["ticket"],
      ["ticket"],
      ["ticket"],
    ]);
    expect(kindsIn("see PROJ-x and a@mail.com", patterns)).toEqual([]);
  });

  it.each([
    ["Projekt – Kondor", "Projekt – Kondor"],
    ["Fall №17", String.raw`№\d+`],
    ["Projekt – Kondor", "Projekt - Kondor"],
    ["About Project Condor.", String.raw`\bproject condor\b`],
  ])("find letters as they were written, as plain ones and in any case: %j by %j", (text, source) => {
    expect(kindsIn(text, ownOnly("project", source))).toEqual(["project"]);
  });

  it.each(["secret plans", "dear all,\n\tsecret plans\r\nand more", 'they wrote "secret plans"'])(
    "begin and end at lines and at texts in quotes: %j",
    (text) => {
      expect(kindsIn(text, ownOnly("plans", "^secret plans$"))).toEqual(["plans"]);
      expect(
        kindsIn(`no ${text} yet`.replace(/["\n\t\r]/g, " "), ownOnly("plans", "^secret plans$")),
      ).toEqual([]);
    },
  );

  it("take little time for megabytes that make careless ones try everything again", () => {
    const request = bodyOf([user("aaaa ".repeat(1_000_000))]);
    const beganMs = performance.now();
    findPrivate(request, ownOnly("all", String.raw`(\w+\s?)+!`));

    expect(performance.now() - beganMs).toBeLessThan(3_000);
  });
});

describe("how long it takes", () => {
  /** Text that makes careless patterns try everything again from every letter. */
  const nasty = [
    "eyJ",
    "-eyJ",
    "a@",
    "a.",
    "1 ",
    "12",
    "DE22",
    "A1B2 ",
    "password ",
    "password: ",
    "://a:",
    "+1 ",
    "\\",
    "\\u",
    "fd00:",
    "tel ",
    "sk-",
    "-----BEGIN A ",
    "x",
    "10.",
    "mysql ",
    "curl -u a",
    "my password is ",
    "<password>",
    "--password ",
    "_key=",
    "token: a1",
    "bearer ",
    `${"A".repeat(4_095)} `,
    "DE89 3704 ",
    "DE8937040044",
    "密码是",
    "A",
  ];

  it.each(nasty)("is little for megabytes of %j", (piece) => {
    const request = bodyOf([user(piece.repeat(Math.ceil(4_000_000 / piece.length)))]);
    const beganMs = performance.now();
    findPrivate(request, all);

    // Linear it is a few dozen milliseconds, and minutes when it is not; the room is for a busy machine.
    expect(performance.now() - beganMs).toBeLessThan(3_000);
  });
});
