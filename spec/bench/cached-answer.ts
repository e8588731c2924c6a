/** A question of 2 KB and an answer of 2 KB, as an Ollama server writes it. */
export const question = JSON.stringify({
  model: "bench",
  stream: false,
  messages: [
    { role: "system", content: "You answer in one paragraph. ".repeat(20) },
    { role: "user", content: "Why is the sky blue, and what is it in the evening? ".repeat(26) },
  ],
  options: { temperature: 0 },
});

export const answerText = JSON.stringify({
  model: "bench",
  created_at: "2026-11-21T00:39:46.311127892Z",
  message: { role: "assistant", content: "Because the air scatters blue light more than red. ".repeat(36) },
  done: true,
  done_reason: "stop",
  total_duration: 1_500_000_000,
  load_duration: 1_000,
  prompt_eval_count: 400,
  prompt_eval_duration: 2_000,
  eval_count: 380,
  eval_duration: 1_400_000_000,
});
