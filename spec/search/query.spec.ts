import { describe, expect, it } from "vitest";
import { buildQueries, type Turn } from "../../src/search/query.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const clock = createFakeClock(Date.UTC(2026, 5, 15));

/** Turns of the user and of the assistant, in turn; the last one is the user's. */
const turns = (texts: readonly string[]): Turn[] =>
  texts.map((text, at) => ({ role: at % 2 === 0 ? "user" : "assistant", text }));

const build = (...texts: string[]) => buildQueries(turns(texts), clock);

type Row = readonly [asked: readonly string[], queries: readonly string[], freshness?: string];

const table: readonly Row[] = [
  [["hello"], []],
  [["Hi there!"], []],
  [["thanks, that's great"], []],
  [["how are you?"], []],
  [["ok"], []],
  [["Hallo, wie geht es dir?"], []],
  [["Bonjour, ça va ?"], []],
  [["¡Hola! ¿Cómo estás?"], []],
  [["你好"], []],
  [["こんにちは"], []],
  [["안녕하세요"], []],
  [["Привет!"], []],
  [["What is the capital of France?"], ["capital of France"]],
  [["Can you please tell me who won the 2022 World Cup?"], ["who won 2022 World Cup"]],
  [["Who is the current CEO of Mozilla?"], ["current CEO of Mozilla 2026"], "year"],
  [["What's the weather in Oslo today?"], ["weather in Oslo today 2026"], "day"],
  [["latest Node.js LTS version"], ["latest Node.js LTS version 2026"], "year"],
  [["How do I install Docker on Ubuntu 24.04?"], ["how to install Docker on Ubuntu 24.04"]],
  [
    ["Please search the web for the best hiking trails in Patagonia and answer in three bullet points."],
    ["best hiking trails in Patagonia"],
  ],
  [["Explain quantum entanglement like I'm five"], ["quantum entanglement"]],
  [['What does "exit code 137" mean in Kubernetes?'], ['"exit code 137" mean in Kubernetes']],
  [
    ["Hey! I'd like to know what happened at the UN climate summit this week. Thanks in advance!"],
    ["happened at UN climate summit this week 2026"],
    "week",
  ],
  [["Who was the president of the United States last year?"], ["president of United States 2025"]],
  [["What are the best laptops this year?"], ["best laptops 2026"], "year"],
  [["What will next year's iPhone cost?"], ["2027 iPhone cost"], "year"],
  [["Tell me about Marie Curie."], ["Marie Curie"]],
  [
    ["Tell me about Marie Curie.", "Marie Curie was a physicist.", "When did she die?"],
    ["Marie Curie when die"],
  ],
  [
    ["Who is the president of France?", "Emmanuel Macron.", "How old is he?"],
    ["president of France how old"],
  ],
  [["What is the population of Spain?", "48 million.", "And Portugal?"], ["population of Portugal"]],
  [["What about Germany?"], ["Germany"]],
  [["What is the GDP of Italy in 2023?", "2.3 trillion", "and in 2024?"], ["GDP of Italy in 2024"]],
  [["I have a Fairphone 5. Is its newest update safe?"], ["Fairphone 5 newest update safe 2026"], "year"],
  [["Who is the CEO of Nvidia and what is the share price of AMD?"], ["CEO of Nvidia", "share price of AMD"]],
  [["Is it going to rain in Berlin tomorrow?"], ["rain in Berlin tomorrow 2026"], "day"],
  [["```py\nimport os\n```\nWhy does os.fork fail on Windows?"], ["why os.fork fail on Windows"]],
  [
    [
      "I get this:\n```\nTraceback (most recent call last):\n  File \"a.py\", line 3\nTypeError: unsupported operand type(s) for +: 'int' and 'str'\n```\nwhat does this mean?",
    ],
    ["TypeError unsupported operand types for int str"],
  ],
  [
    ["Wer ist der aktuelle Bundeskanzler von Deutschland?"],
    ["aktuelle Bundeskanzler von Deutschland 2026"],
    "year",
  ],
  [
    ["Kannst du mir bitte sagen, wie das Wetter heute in München ist?"],
    ["Wetter heute in München 2026"],
    "day",
  ],
  [["Was kostet das Deutschlandticket?"], ["kostet Deutschlandticket"]],
  [["Wie alt ist er?"], []],
  [["Wer ist Olaf Scholz?", "...", "Wie alt ist er?"], ["Olaf Scholz wie alt"]],
  [
    ["Gibt es neue Nachrichten zur Ukraine diese Woche?"],
    ["neue Nachrichten zur Ukraine diese Woche 2026"],
    "week",
  ],
  [["Antworte in einem Satz: Wie hoch ist der Mont Blanc?"], ["wie hoch Mont Blanc"]],
  [["Qui est le président actuel de la France ?"], ["président actuel France 2026"], "year"],
  [
    ["Peux-tu me dire quel temps fait-il à Lyon aujourd'hui ?"],
    ["quel temps fait-il à Lyon aujourd'hui 2026"],
    "day",
  ],
  [["Quelle est la population de l'Allemagne ?"], ["population Allemagne"]],
  [
    ["Quelles sont les dernières nouvelles sur l'intelligence artificielle ?"],
    ["dernières nouvelles sur intelligence artificielle 2026"],
    "week",
  ],
  [["¿Cuál es la capital de Perú?"], ["capital Perú"]],
  [["¿Puedes decirme quién ganó la Copa América 2024?"], ["quién ganó Copa América 2024"]],
  [
    ["Dime las últimas noticias sobre Argentina, por favor"],
    ["últimas noticias sobre Argentina 2026"],
    "week",
  ],
  [["¿Cuánto cuesta el dólar hoy?"], ["cuánto cuesta dólar hoy 2026"], "day"],
  [
    ["Chi è il presidente del Consiglio italiano attuale?"],
    ["presidente Consiglio italiano attuale 2026"],
    "year",
  ],
  [["Quanto costa un biglietto per il Colosseo?"], ["quanto costa biglietto Colosseo"]],
  [["Qual é a população do Brasil?"], ["população Brasil"]],
  [["Você pode me dizer o preço do bitcoin hoje?"], ["preço bitcoin hoje 2026"], "day"],
  [["Wat is het weer vandaag in Amsterdam?"], ["weer vandaag in Amsterdam 2026"], "day"],
  [["Kto jest obecnym premierem Polski?"], ["obecnym premierem Polski 2026"], "year"],
  [["Кто сейчас президент Франции?"], ["Кто сейчас президент Франции 2026"], "day"],
  [["Расскажи мне про последние новости SpaceX, пожалуйста"], ["последние новости SpaceX 2026"], "week"],
  [["请问今天北京天气怎么样？"], ["今天北京天气 2026"], "day"],
  [["谁是法国总统？"], ["法国总统"]],
  [["最新的iPhone多少钱？"], ["最新的iPhone多少钱 2026"], "year"],
  [["東京の今日の天気を教えてください"], ["東京の今日の天気 2026"], "day"],
  [["最新のNode.jsのバージョンは何ですか？"], ["最新のNode.jsのバージョン 2026"], "year"],
  [["오늘 서울 날씨 알려줘"], ["오늘 서울 날씨 2026"], "day"],
  [["파이썬 최신 버전은 무엇인가요?"], ["파이썬 최신 버전 2026"], "year"],
  [["ما هي عاصمة مصر؟"], ["ما هي عاصمة مصر"]],
  [["भारत की राजधानी क्या है?"], ["भारत की राजधानी क्या है"]],
  [["Türkiye'nin başkenti neresi?"], ["Türkiye'nin başkenti neresi"]],
  [["Vad är vädret i Stockholm idag?"], ["vädret i Stockholm idag 2026"], "day"],
  [
    ["compare AMD Ryzen 9 9950X vs Intel Core Ultra 9 285K for compiling C++ code"],
    ["AMD Ryzen 9 9950X vs Intel Core Ultra 9 285K compiling C++"],
  ],
  [["WHAT IS THE PRICE OF GOLD NOW"], ["PRICE OF GOLD NOW 2026"], "day"],
  [["how tall is the eiffel tower"], ["how tall eiffel tower"]],
  [['who wrote "One Hundred Years of Solitude"?'], ['who wrote "One Hundred Years of Solitude"']],
  [["site:example.com -foo !g llama"], ["site:example.com foo g llama"]],
  [["Write a short poem about spring"], ["spring"]],
  [
    ["My email is ada@example.com and my key is sk-proj-aB3dE5gH7jK9mN1pQ3sT5vW7. Who hosts example.com?"],
    ["who hosts example.com"],
  ],
  [["What did Apple announce yesterday?"], ["Apple announce yesterday 2026"], "day"],
  [
    ["Find recent papers about retrieval augmented generation evaluation, cite sources"],
    ["recent papers retrieval augmented generation evaluation 2026"],
    "month",
  ],
  [
    [
      "I'm planning a trip to Japan with my two kids in October and we love trains, food and temples, but we don't have much money and would like to avoid the crowds. What are good regions to visit?",
    ],
    ["Japan good regions to visit"],
  ],
  [["Summarize https://www.example.org/blog/post?id=3 for me"], ["example.org"]],
  [["Is Python 3.14 released yet?"], ["Python 3.14 released yet"]],
  [["What time is it in Tokyo right now?"], ["time in Tokyo right now 2026"], "day"],
  [["when is the next total solar eclipse in Spain"], ["when next total solar eclipse in Spain"]],
  [["Which companies did the company acquire?"], ["companies company acquire"]],
  [["Dr. Smith wrote about e.g. enzymes. What did he find?"], ["Dr Smith find"]],
  [["C# vs. F#"], ["C# vs F#"]],
  [["What's new in .NET 10?"], ["new in .NET 10"]],
  [["AT&T outage"], ["AT&T outage"]],
  [["Does the Pixel 9's camera beat the iPhone 16's?"], ["Pixel 9 camera beat iPhone 16"]],
  [["give me the exchange rate usd to eur"], ["exchange rate usd to eur"]],
  [["Could you look up the opening hours of the Louvre?"], ["opening hours of Louvre"]],
  [["Why do cats purr when they sleep?"], ["why cats purr when they sleep"]],
  [
    ["Tell me about Ada Lovelace", "ok", "Why do cats purr when they sleep?"],
    ["why cats purr when they sleep"],
  ],
  [["How old is he?"], []],
  [["When did Einstein publish his first paper?"], ["when Einstein publish his first paper"]],
  [["Tell me about Tesla", "ok", "What products does it sell?"], ["Tesla products sell"]],
  [["Tell me about Tesla", "ok", "Does it pay a dividend in 2025?"], ["Tesla pay dividend in 2025"]],
  [["Answer in one sentence: how high is the Matterhorn?"], ["how high Matterhorn"]],
  [["Be brief. What is a monad?"], ["monad"]],
  [["Who founded Ikea? Where was he born?"], ["who founded Ikea", "Ikea where born"]],
  [["How old is Elon Musk's son?"], ["how old Elon Musk son"]],
  [["Who directed Apocalypse Now?"], ["who directed Apocalypse Now"]],
  [["How does alternating current work?"], ["how alternating current work"]],
  [["Who is P!nk's husband?"], ["P!nk husband"]],
  [["latest album of Panic! at the Disco"], ["latest album of Panic at Disco 2026"], "year"],
  [["Who is the singer of Panic! At The Disco?"], ["singer of Panic At Disco"]],
  [["what is !important in css"], ["important in css"]],
  [["Yahoo! stock price today"], ["Yahoo stock price today 2026"], "day"],
  [["Guess Who? board game price"], ["Guess who board game price"]],
  [["hi! what is the weather in lima today"], ["weather in lima today 2026"], "day"],
  [["Wann begann der 2. Weltkrieg?"], ["wann begann 2 Weltkrieg"]],
  [['Is a 27" monitor better than a 32" monitor?'], ["27 monitor better 32 monitor"]],
  [["llamas NOT alpacas +foo ~bar"], ["llamas not alpacas foo bar"]],
  [["东京 -foo !g 天气"], ["东京 foo g 天气"]],
];

describe("the queries for a question", () => {
  const rows = table.map(([asked, queries, freshness]) => ({ asked, queries, freshness }));

  it.each(rows)("$asked", ({ asked, queries, freshness }) => {
    const built = build(...asked);

    expect(built.queries).toEqual(queries);
    expect(built.freshness).toBe(freshness);
  });

  it("are few and short, whatever is asked", () => {
    for (const [asked] of table) {
      const long = build(
        `${asked.join(" ")} ${"and the Very long Thing-42 of everything else ".repeat(40)}?`,
      );
      for (const query of [...build(...asked).queries, ...long.queries]) {
        expect(query.length).toBeLessThanOrEqual(300);
        expect(query.split(" ").length).toBeLessThanOrEqual(12);
      }
      expect(long.queries.length).toBeLessThanOrEqual(2);
    }
  });

  it("are the same for the same turns", () => {
    for (const [asked] of table) expect(build(...asked)).toEqual(build(...asked));
  });

  it("are none without a turn of the user", () => {
    expect(buildQueries([], clock).queries).toEqual([]);
    expect(buildQueries([{ role: "system", text: "Who won the World Cup?" }], clock).queries).toEqual([]);
    expect(build("   ").queries).toEqual([]);
  });

  it("hold no secrets, and tell what was taken", () => {
    const built = build("My mail is ada@example.com, my server 10.0.0.7. Why does nginx return 502?");

    expect(built.queries).toEqual(["why nginx return 502"]);
    expect(built.redacted).toEqual(["email", "ip_private"]);
    expect(built.question).not.toContain("ada@");
  });

  it("hold no secret that a limit would cut in two", () => {
    const key = `sk-proj-${"aB3dE5gH7jK9".repeat(8)}`;
    for (let pad = 5_900; pad < 6_010; pad += 7) {
      const { queries, question } = build(
        `${"word ".repeat(pad / 5)}${key} ${"more ".repeat(2_000)} who won?`,
      );
      expect(`${queries.join(" ")} ${question}`).not.toMatch(/aB3dE5gH7jK9/);
    }
  });

  it("find the question before and after a long paste", () => {
    const paste = "Lorem ipsum dolor sit amet. ".repeat(2_000);

    expect(build(`Who founded the Red Cross?\n${paste}`).queries).toEqual(["who founded Red Cross"]);
    expect(build(`${paste}\nWho founded the Red Cross?`).queries).toEqual(["who founded Red Cross"]);
  });

  it("take no more than a moment, whatever the turn", () => {
    const nasty = [
      "`".repeat(20_000),
      '"'.repeat(20_000),
      "please ".repeat(5_000),
      "<a".repeat(10_000),
      "Who and what ".repeat(2_000),
      "and answer ".repeat(2_000),
      "[".repeat(9_000),
      "A.".repeat(9_000),
      "A. ".repeat(6_000),
      "Now! ".repeat(4_000),
      `${"*".repeat(5_000)} ${"the Now ".repeat(2_000)}`,
      "'a ".repeat(6_000),
      "Who? a ".repeat(3_000),
    ];
    const startedMs = performance.now();
    for (const text of nasty) build(text);

    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });
});

describe("the time that a question means", () => {
  const inJanuary = createFakeClock(Date.UTC(2027, 0, 1, 12));
  const queryOf = (text: string) => buildQueries(turns([text]), inJanuary).queries[0];

  it.each([
    ["What did Apple announce yesterday?", "Apple announce yesterday 2026"],
    ["What did Apple announce today?", "Apple announce today 2027"],
    ["Who won the Tour de France last year?", "who won Tour de France 2026"],
    ["Who will host the Olympics next year?", "who host Olympics 2028"],
  ])("is told by the clock: %s", (asked, query) => {
    expect(queryOf(asked)).toBe(query);
  });

  it("is not added where nothing asks for it, nor where a year is named", () => {
    expect(queryOf("Who painted the Mona Lisa?")).toBe("who painted Mona Lisa");
    expect(queryOf("What is the latest news of the 2024 election?")).toBe("latest news of 2024 election");
    expect(buildQueries(turns(["latest news of the 2024 election"]), inJanuary).freshness).toBeUndefined();
  });
});

describe("the language of a question", () => {
  it.each([
    ["What is the capital of France?", "en"],
    ["Wie hoch ist der Mont Blanc und wo liegt er?", "de"],
    ["Quelle est la population de l'Allemagne ?", "fr"],
    ["¿Cuál es la capital de Perú?", "es"],
    ["Chi è il presidente del Consiglio?", "it"],
    ["Qual é a população do Brasil?", "pt"],
    ["Wat is het weer in Amsterdam?", "nl"],
    ["Kto jest premierem Polski?", "pl"],
    ["Türkiye'nin başkenti neresi?", "tr"],
    ["Vad är huvudstaden i Sverige?", "sv"],
    ["Кто президент Франции?", "ru"],
    ["Хто є президентом України?", "uk"],
    ["谁是法国总统？", "zh"],
    ["フランスの大統領は誰ですか", "ja"],
    ["프랑스 대통령은 누구인가요?", "ko"],
    ["ما هي عاصمة مصر؟", "ar"],
    ["भारत की राजधानी क्या है?", "hi"],
    ["Ποια είναι η πρωτεύουσα;", "el"],
    ["AMD Ryzen 9950X", undefined],
  ])("%s", (text, language) => {
    expect(build(text).language).toBe(language);
  });
});
