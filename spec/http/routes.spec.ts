import { describe, expect, it } from "vitest";
import { endpoints, methodsOf, paths, patternFor } from "../../src/http/routes.ts";

const forAdministrators =
  /^\/api\/(?:pull|push|create|copy|delete|blobs|me|signout|user\b|usage|decisions|cache(?!\/feedback))/;

describe("the table of routes", () => {
  it.each(endpoints.map((one) => [one.method, one.path, one] as const))(
    "says who may use %s %s",
    (_m, path, one) => {
      const open = ["/", "/healthz", "/readyz"].includes(path);
      expect(one.access).toBe(open ? "open" : forAdministrators.test(path) ? "admin" : "key");
    },
  );

  it("has each method of a path once", () => {
    const names = endpoints.map((one) => `${one.method} ${one.path}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it("answers each path in the dialect its clients speak", () => {
    for (const { path, dialect } of endpoints)
      expect(dialect).toBe(
        path === "/v1/messages" ? "anthropic" : path.startsWith("/v1/") ? "openai" : "ollama",
      );
  });

  it("streams nothing but uploads of blobs", () => {
    const streaming = endpoints.filter((one) => one.streamsBody === true);
    expect(streaming.map((one) => `${one.method} ${one.path}`)).toEqual(["POST /api/blobs/:digest"]);
  });

  it.each(paths.map((path) => [path]))("lists the methods of %s in Ollama's order", (path) => {
    const order = ["HEAD", "GET", "POST", "DELETE"];
    const methods = methodsOf(path);

    expect(methods.length).toBeGreaterThan(0);
    expect(methods).toEqual(order.filter((method) => methods.includes(method)));
    expect(methods.length).toBe(endpoints.filter((one) => one.path === path).length);
  });

  it.each(paths.map((path) => [path]))("finds %s again from a path that fits it", (path) => {
    expect(patternFor(path.replaceAll(/:\w+/g, "some.thing:1"))).toBe(path);
  });

  it.each([
    ["/api"],
    ["/api/"],
    ["/api/chat/"],
    ["/api/chatx"],
    ["/x/api/chat"],
    ["//api/chat"],
    ["/API/CHAT"],
    ["/api/blobs/"],
    ["/api/blobs/a/b"],
    ["/v1/models/a/b"],
    ["/api/chat\n"],
    ["/apixchat"],
    [""],
  ])("fits nothing to %j", (path) => {
    expect(patternFor(path)).toBeUndefined();
  });
});
