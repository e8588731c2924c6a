import { describe, expect, it } from "vitest";
import { redact, type RedactedKind } from "../../src/search/redact.ts";

const letters = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5kL7n";
const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.${letters.slice(0, 20)}`;

const secrets: readonly (readonly [RedactedKind, string])[] = [
  ["private_key", "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\nabc=\n-----END RSA PRIVATE KEY-----"],
  ["jwt", jwt],
  ["api_key", `sk-proj-${letters}`],
  ["api_key", `sk-ant-api03-${letters}`],
  ["api_key", `sk-or-v1-${"0af3".repeat(16)}`],
  ["api_key", ["sk", "live", letters.slice(0, 24)].join("_")],
  ["api_key", `tvly-${letters.slice(0, 24)}`],
  ["api_key", `ghp_${letters.slice(0, 36)}`],
  ["api_key", `github_pat_${letters}`],
  ["api_key", `glpat-${letters.slice(0, 20)}`],
  ["api_key", ["xoxb", "1234567890", letters.slice(0, 12)].join("-")],
  ["api_key", "AKIAIOSFODNN7EXAMPLE"],
  ["api_key", `AIza${letters.slice(0, 35)}`],
  ["api_key", `hf_${letters.slice(0, 34)}`],
  ["api_key", `gsk_${letters}`],
  ["api_key", `npm_${letters.slice(0, 36)}`],
  ["api_key", `SG.${letters.slice(0, 22)}.${letters}`],
  ["api_key", `Bearer ${letters}`],
  ["password", "password: hunter2hunter2"],
  ["password", "passwort ist Geheim123"],
  ["password", "api_key=abcd1234"],
  ["password", "postgres://ada:secret@"],
  ["email", "ada.lovelace+news@example.co.uk"],
  ["email", "jürgen@münchen.example"],
  ["iban", "DE89 3704 0044 0532 0130 00"],
  ["iban", "GB82WEST12345698765432"],
  ["iban", "fr1420041010050500013m02606"],
  ["card_number", "4111 1111 1111 1111"],
  ["card_number", "5500-0000-0000-0004"],
  ["card_number", "378282246310005"],
  ["card_number", "４１１１１１１１１１１１１１１１"],
  ["us_ssn", "078-05-1120"],
  ["ip_private", "10.0.0.17"],
  ["ip_private", "192.168.178.1:8080"],
  ["ip_private", "172.31.255.1/16"],
  ["ip_private", "127.0.0.1"],
  ["ip_private", "169.254.169.254"],
  ["ip_private", "100.64.3.2"],
  ["ip_private", "fd12:3456:789a::1"],
  ["ip_private", "fe80::1ff:fe23:4567:890a"],
  ["private_host", "build7.corp"],
  ["private_host", "db.eu.internal"],
  ["phone", "+49 30 901820"],
  ["phone", "+1 (415) 555-2671"],
  ["phone", "0041 44 668 18 00"],
  ["phone", "(415) 555-2671"],
  ["phone", "415-555-2671"],
  ["phone", "030 / 901820".replace(" / ", "/")],
  ["phone", "06 12 34 56 78"],
  ["api_key", ["sk", "live", "abcdefghij12"].join("_")],
  ["api_key", "glpat-abcdefghij123456"],
  ["api_key", "AIzaSyA1234567890abcdefghijklmnopqrs"],
  ["api_key", "github_pat_11ABCDEFG0abcdefghij"],
  ["api_key", "dop_v1_abcdef0123456789abcd"],
  ["api_key", "shpat_ABCDEF0123456789abcdef"],
  ["api_key", "AKIAIOSFODNN7EXAMPLE1"],
  ["card_number", "41111111 11111111"],
  ["card_number", "6759649826438453"],
  ["iban", "DE89 370400440532013000"],
  ["iban", "DE89-3704-0044-0532-0130-00"],
  ["password", "pwd: hunter2secret"],
  ["password", "DB_PASS=S3cretPw9"],
  ["password", "password => hunter2x"],
  ["password", "password  :  hunter2x"],
  ["password", "<password>hunter2x</password>"],
  ["password", "пароль: hunter2x"],
  ["password", "密码：hunter2x"],
  ["password", "password for prod is Tr0ub4dor9"],
  ["api_key", "Authorization: Basic YWRhOmh1bnRlcjI0Mg=="],
  ["api_key", `GOCSPX-${letters.slice(0, 28)}`],
  ["api_key", ["xapp", "1", letters.slice(0, 20)].join("-")],
  ["api_key", `12345678:AA${letters.slice(0, 33)}`],
  ["card_number", "4111.1111.1111.1111"],
  ["us_ssn", "123\u201145\u20116789"],
  ["us_ssn", "SSN 123456789"],
  ["phone", "phone: 5551234567"],
  ["blob", "d41d8cd98f00b204e9800998ecf8427e"],
  ["blob", `0x${"ab12".repeat(16)}`],
  ["blob", `${letters}QRSTUV+/==`],
];

const harmless = [
  "Node.js 20.19.1 release notes",
  "weather in Oslo 2026-01-01",
  "World Cup 1998 2002 2006 2010",
  "8.8.8.8 dns server",
  "1.1.1.1 vs 9.9.9.9",
  "population of India 1,428,627,663",
  "ISBN 978-3-16-148410-0",
  "pi 3.14159265358979323846",
  "172.217.16.14 who owns it",
  "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",
  "how to choose a password manager",
  "what is a token in a language model",
  "flights 2025-12-24 to 2026-01-03",
  "error 0x80070005 windows",
  "RFC 9110 section 10.2.3",
  "4111 1111 1111 1112",
  "DE00 3704 flight status",
  "commit 528a9a6",
  "sk-learn tutorial",
  "the-very-long-name-of-a-blog-post-that-somebody-once-wrote",
  "10.5 percent of 192 people",
  "version 10.0.19045",
  "iPhone 15 Pro vs Pixel 9",
  "local weather, internal combustion",
];

describe("a query that leaves the house", () => {
  it.each(secrets)("has no %s in it: %s", (kind, secret) => {
    const { text, kinds } = redact(`who owns ${secret} really`);

    expect(kinds).toContain(kind);
    expect(text.replace(/\s+/g, " ")).toBe("who owns really");
  });

  it.each(harmless)("is left alone: %s", (query) => {
    expect(redact(query)).toEqual({ text: query, kinds: [] });
  });

  it.each([
    ["https://user:pass1@host.com/x", "host.com/x"],
    ["postgres://admin:s3cr3t@db.example.com/x", "db.example.com/x"],
  ])("keeps of an address with a password where it leads: %s", (query, left) => {
    expect(redact(query)).toEqual({ text: left, kinds: ["password"] });
  });

  it("has no card numbers, however many", () => {
    const cards = ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117"];

    expect(redact(`which of ${cards.join(", ")} is id: ${cards[0]}`).text).not.toMatch(/\d/);
  });

  it("tells each kind once, and takes all there are", () => {
    const { text, kinds } = redact("mail a@b.example and c@d.example from 10.1.2.3");

    expect(text).toBe("mail and from");
    expect(kinds).toEqual(["email", "ip_private"]);
  });

  it("has nothing after a private key that does not end", () => {
    const { text, kinds } = redact("mine: -----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\nZXktdjEAAAAA");

    expect(text).toBe("mine:");
    expect(kinds).toEqual(["private_key"]);
  });

  it("is not fooled by letters that cannot be seen", () => {
    expect(redact("ada\u200b@exam\u2060ple.org").kinds).toEqual(["email"]);
  });

  it("is the same when redacted again", () => {
    for (const [, secret] of secrets) {
      const once = redact(`a ${secret} b`).text;
      expect(redact(once)).toEqual({ text: once, kinds: [] });
    }
  });

  it("takes no more than a moment, whatever the text", () => {
    const nasty = [
      "a@".repeat(10_000),
      "1 ".repeat(10_000),
      "-----BEGIN PRIVATE KEY-----".repeat(700),
      "a.".repeat(10_000),
      "0".repeat(20_000),
      "eyJ".repeat(7_000),
      "x:/".repeat(7_000),
    ];
    const startedMs = performance.now();
    for (const text of nasty) redact(text);

    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});
