import { describe, expect, it } from "vitest";
import { sentencesOf } from "../../../src/search/query/sentences.ts";

describe("a sentence is not cut", () => {
  it.each([
    "latest album of Panic! at the Disco",
    "Who is the singer of Panic! At The Disco?",
    "Who is P!nk's husband?",
    "Jeopardy! now",
    "what is !important in css",
    "Yahoo! stock price today",
    "is Yahoo! Finance down?",
    "is yahoo! still around",
    "Wham! members",
    "how many albums does Wham! have?",
    "where was Mamma Mia! filmed?",
    "Who wrote Oklahoma! and when?",
    "Guess Who? board game price",
    "Who Wants to Be a Millionaire? host now",
    "who is Dr. Who",
    "U.S. president now",
    "U.S. President now",
    "Washington D.C. Weather today",
    "Node.js 22 latest",
    "St. Louis weather today",
    "J. K. Rowling net worth",
    "Wann begann der 2. Weltkrieg?",
  ])("%s", (text) => {
    expect(sentencesOf(text)).toEqual([text]);
  });
});

describe("sentences are told apart", () => {
  it.each([
    ["hi! what is the weather in lima today", ["hi!", "what is the weather in lima today"]],
    ["what a day! what is the weather?", ["what a day!", "what is the weather?"]],
    ["thanks! bitcoin price", ["thanks!", "bitcoin price"]],
    ["I love it! Weather in Lima?", ["I love it!", "Weather in Lima?"]],
    ["who founded ikea? where was he born?", ["who founded ikea?", "where was he born?"]],
    ["Who founded Ikea?Where was he born?", ["Who founded Ikea?", "Where was he born?"]],
    ["hello!what is rust", ["hello!", "what is rust"]],
    [
      "What is the weather in Lima? need it for a trip",
      ["What is the weather in Lima?", "need it for a trip"],
    ],
    ["It is 5 p.m. What is open?", ["It is 5 p.m.", "What is open?"]],
    ["I have two. 3 of them broke.", ["I have two.", "3 of them broke."]],
    ['It said "no." (Why?) Then it hung.', ['It said "no."', "(Why?)", "Then it hung."]],
    ["I use Python 3. Is it slow?", ["I use Python 3.", "Is it slow?"]],
    ["I know it. 東京は？京都は！", ["I know it.", "東京は？", "京都は！"]],
    ["first line\nsecond line", ["first line", "second line"]],
    ["你好！what is rust?", ["你好！", "what is rust?"]],
  ])("%s", (text, sentences) => {
    expect(sentencesOf(text)).toEqual(sentences);
  });
});
