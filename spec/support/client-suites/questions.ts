/** What the clients are told of the tool, in the shape that Ollama and OpenAI share. */
export const weatherTool = {
  type: "function" as const,
  function: {
    name: "get_weather",
    description: "the weather in a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

export const weatherQuestion = "what is the weather in Paris?";

export const weather = "18 degrees";

/** What a JSON answer has to look like. */
export const answerSchema = {
  type: "object",
  properties: { a: { type: "boolean" } },
  required: ["a"],
  additionalProperties: false,
};

/** A question of more than `tokens` tokens, by anybody's count. */
export const tooLongFor = (tokens: number): string => "word ".repeat(tokens + 1_000);
