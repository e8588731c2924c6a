/** What `--help` shows: one screen, with the places that hold on this machine. */
export function helpText(places: { readonly config: string; readonly dataDir: string }): string {
  return `chasqui: a drop-in Ollama daemon in front of your model servers

  chasqui                                             in front of the Ollama on this machine
  chasqui --listen 127.0.0.1:11434 --upstream :11435  in Ollama's place, Ollama moved to 11435
  chasqui --upstream gpu1:11434 --upstream gpu2:11434 two servers behind one URL
  chasqui --upstream llama-server=:8080               in front of llama.cpp
  chasqui --upstream gpu1 --upstream openrouter       and the cloud; its key in OPENROUTER_API_KEY

Commands
  serve            run the daemon (the default)
  check-config     say what is wrong with the configuration, if anything
  config show      the effective configuration and where each value comes from
  keys create NAME make an API key
  cache stats | ls what the cache holds; ls with --model, --scope, --key, --older-than, --limit
  cache purge      remove entries by the same flags, or --all; --dry-run only counts
  cache verify | backup [FILE] | restore FILE|NAME
  usage            what was called and what it cost: --by model|key|day|upstream, --since 30d, --csv
  analyze TEXT     what auto would do with a text, and why; - reads standard input
  decisions        what auto decided lately: --limit 20
  search QUERY     what the web has, ranked: --max 5
  healthcheck      ask the running daemon whether it is alive; for containers
  version          print the version

Flags of all but keys create and version
  --listen HOST:PORT      where to listen (127.0.0.1:5732)
  --upstream [TYPE=]URL   a server behind; repeat for more (ollama=http://127.0.0.1:11434); types
                          ollama, llama-server, openai, openrouter
  --config FILE           the configuration file
  --data-dir DIR          where the daemon keeps its files
  --log-level LEVEL       error, warn, info, debug or trace (info)
  --log-format FORMAT     auto, json or pretty (auto)
  --json                  print JSON; not of serve, keys create and healthcheck

Every key of config.yaml also has a variable, e.g. CHASQUI_SERVER_DRAIN=10s.
Precedence: flags, CHASQUI_*, config.yaml, OLLAMA_*, defaults.

  configuration  ${places.config}
  data           ${places.dataDir}

Exit codes: 0 ok, 1 failed, 2 usage, 69 address taken, 70 bug, 77 not permitted, 78 configuration
`;
}
