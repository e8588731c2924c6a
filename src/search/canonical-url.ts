/** Parameters that say where a reader came from, not what is read. */
const tracking =
  /^(?:utm_\w+|gclid|gclsrc|dclid|gbraid|wbraid|fbclid|msclkid|yclid|igshid|mc_[ce]id|_hs(?:enc|mi)|ref_src|ref_url|cmpid|spm|si)$/i;

/**
 * One spelling for all addresses of the same page: https, lower-case host without `www.`, no default port, no fragment,
 * no trailing slash, parameters sorted and without those that only track. It is for comparing, not for fetching. What is
 * no address stays as it is.
 */
export function canonicalUrl(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.protocol !== "http:" && url.protocol !== "https:") return address;
  const tracked = Array.from(url.searchParams.keys()).filter((name) => tracking.test(name));
  for (const name of tracked) url.searchParams.delete(name);
  url.searchParams.sort();
  const query = url.searchParams.toString();
  const path = url.pathname.replace(/\/+$/, "");
  return `https://${hostOf(url)}${path}${query === "" ? "" : `?${query}`}`;
}

/** Host and port, without `www.` and a default port; both schemes' default ports count. */
function hostOf(url: URL): string {
  const port = url.port === "" || url.port === "80" || url.port === "443" ? "" : `:${url.port}`;
  return siteOf(url.hostname) + port;
}

/** The host of an address as people say it; the address itself when it has none. */
export function hostIn(address: string): string {
  return URL.canParse(address) ? siteOf(new URL(address).hostname) : address;
}

const siteOf = (hostname: string): string =>
  hostname
    .toLowerCase()
    .replace(/\.$/, "")
    .replace(/^www\.(?=.*\.)/, "");
