import { describe, expect, it } from "vitest";
import { datedBy, timeOf } from "../../../src/search/query/time.ts";

const nowMs = Date.UTC(2026, 5, 15);

describe("a question that asks for no time", () => {
  it.each([
    // A word of another language.
    "How old is Elon Musk's son?",
    "Elon Musk son age",
    "Qui est Emmanuel Macron et son épouse ?",
    "best nu metal bands",
    "De ce nu merge internetul?",
    "What is a gerade function?",
    "When did ZDF heute first air?",
    "What does hoy mean in Spanish?",
    "What does 今日 mean in Japanese?",
    "What is an agora in ancient Athens?",
    "What was the actual cause of the Titanic sinking?",
    // A quotation.
    "Who sang 'Yesterday'?",
    'Who sang "Yesterday"?',
    "Who wrote “The Day Today”?",
    "Qui a réalisé « Le Dernier Métro » ?",
    "Wer schrieb „Gestern war heute“?",
    "《明日方舟》是什么游戏？",
    "映画「昨日」の監督は誰",
    // A name.
    "Who directed Apocalypse Now?",
    "who directed apocalypse now",
    "Apocalypse Now 的导演是谁？",
    "When did the Current War start?",
    "Who hosted The Tonight Show?",
    "the tonight show host",
    "Today programme host BBC",
    "Who hosts Last Week Tonight?",
    "Who plays James Bond in Tomorrow Never Dies?",
    "breaking bad number of episodes",
    "Wer moderiert die heute-show?",
    "What is NOW TV?",
    "New York population",
    "Who wrote the music for The Last of Us?",
    "What is next.js used for?",
    // Another meaning.
    "How does alternating current work?",
    "What causes an ocean current?",
    "What strength of current is lethal?",
    "What is the difference between voltage and current?",
    "What is a current account?",
    "How do I change my last name?",
    "worst storms in recent memory",
    "What is the most recent common ancestor of humans and chimps?",
    "least recently used cache explained",
    "What happens at the moment of impact in a car crash?",
    "Is breaking a mirror bad luck?",
    "Now explain how a monad works",
    "How does Date.now() work in JavaScript?",
    "What does the docker tag :latest mean?",
    "How do I get the current working directory in Python?",
    "Was ist eine gerade Zahl?",
    "Guten Morgen, was ist ein Verbrennungsmotor?",
    "Qui fut le dernier roi de France ?",
    "¿Quién pintó la Última Cena?",
    "¿A qué hora se desayuna por la mañana?",
    "Chi fu l'ultimo imperatore romano?",
    "Quem foi o último rei de Portugal?",
    "Wie was de laatste tsaar van Rusland?",
    "Kto był ostatnim królem Polski?",
    "Кто был последним императором России?",
    "Son Osmanlı padişahı kimdir?",
  ])("%s", (text) => {
    expect(timeOf(text, nowMs)).toEqual({ freshness: undefined, year: undefined });
  });
});

describe("a question that asks for what is new", () => {
  it.each([
    ["current president of France", "year"],
    ["Current weather in Lima", "year"],
    ["WHAT IS THE CURRENT PRICE OF GOLD", "year"],
    ["What Is The Current Price Of Bitcoin", "year"],
    ["latest iPhone", "year"],
    ["Latest Android version", "year"],
    ["what are current account interest rates", "year"],
    ["news today", "day"],
    ["NEWS TODAY", "day"],
    ["Bitcoin Price Today", "day"],
    ["What is the price of gold NOW?", "day"],
    ["weather tomorrow in Lima", "day"],
    ["who won the game last night", "day"],
    ["breaking news Kyiv", "day"],
    ["latest news about 'The Last of Us'", "week"],
    ["El Clasico today", "day"],
    ["Le Mans results today", "day"],
    ["precio actual del bitcoin", "year"],
    ["¿Cuál es el salario mínimo actual en México?", "year"],
    ["el clima de hoy", "day"],
    ["noticias recientes de Venezuela", "month"],
    ["aktuelle Nachrichten", "week"],
    ["Aktuelle Nachrichten aus Berlin", "week"],
    ["Was läuft gerade im Kino?", "day"],
    ["Wie wird das Wetter morgen in Hamburg?", "day"],
    ["bitcoin kurs aktuell", "year"],
    ["quoi de neuf aujourd'hui", "day"],
    ["Qui a gagné le match hier ?", "day"],
    ["Quel est le dernier iPhone ?", "year"],
    ["Qual è l'ultimo iPhone?", "year"],
    ["Qual é o preço do bitcoin agora?", "day"],
    ["nu.nl laatste nieuws", "week"],
    ["Wat is de prijs van goud nu?", "day"],
    ["en son haberler", "week"],
    ["son dakika haberleri", "day"],
    ["dolar kaç şu an", "day"],
    ["ostatnie wiadomości z Ukrainy", "year"],
    ["погода завтра в Москве", "day"],
    ["今日の天気", "day"],
    ["今天北京天气", "day"],
    ["오늘 서울 날씨", "day"],
    ["Hur är vädret nu i Malmö?", "day"],
  ])("%s", (text, freshness) => {
    expect(timeOf(text, nowMs)).toEqual({ freshness, year: 2026 });
  });
});

describe("a year's number", () => {
  it("stands for the words that mean it, and for none in a quotation", () => {
    expect(datedBy("best laptops this year", 2026)).toBe("best laptops  2026 ");
    expect(datedBy('new songs like "Next Year" this year', 2026)).toBe('new songs like "Next Year"  2026 ');
    expect(datedBy('latest review of "Next Year"', 2026)).toBe('latest review of "Next Year"');
  });
});
