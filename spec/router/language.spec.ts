import { describe, expect, it } from "vitest";
import { languageOf } from "../../src/router/language.ts";
import { scan } from "../../src/router/scan.ts";

describe("the language of a text", () => {
  it.each([
    ["en", "how do I get to the station"],
    ["de", "wie komme ich zu dem Bahnhof, und ist er noch auf"],
    ["fr", "comment est-ce que je vais à la gare avec le bus"],
    ["es", "cómo llego a la estación y cuánto cuesta el billete"],
    ["it", "come arrivo alla stazione e quale treno è il più veloce per Roma"],
    ["pt", "como eu chego na estação e qual é o melhor ônibus"],
    ["nl", "hoe kom ik bij het station en wat kost een kaartje"],
    ["pl", "jak dojechać do dworca i czy to jest daleko"],
    ["tr", "istasyona nasıl giderim ve bu bilet ne kadar"],
    ["sv", "hur kommer jag till stationen och vad kostar det"],
    ["id", "bagaimana cara ke stasiun dan berapa harga tiketnya untuk dua orang"],
    ["vi", "làm thế nào để đến nhà ga"],
    ["uk", "як доїхати до вокзалу і коли потяг"],
    ["ru", "как доехать до вокзала"],
    ["ja", "駅までどう行けばいいですか"],
    ["zh", "火车站怎么走"],
    ["ko", "역까지 어떻게 가나요"],
    ["ar", "كيف أصل إلى المحطة"],
    ["hi", "स्टेशन कैसे पहुँचूँ"],
    ["en", "What is the best phở recipe for a cold winter day?"],
    ["und", ""],
  ])("is %s", (language, text) => {
    expect(languageOf(scan(text))).toBe(language);
  });

  it("is seen in spite of English names", () => {
    expect(languageOf(scan("wie installiere ich das Update von Visual Studio Code auf dem Mac"))).toBe("de");
  });
});
