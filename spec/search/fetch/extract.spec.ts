import { monitorEventLoopDelay } from "node:perf_hooks";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/lib/time.ts";
import { extract } from "../../../src/search/fetch/article.ts";
import { clean } from "../../../src/search/fetch/clean.ts";
import { createExtractor, type Extractor } from "../../../src/search/fetch/extractor.ts";
import type { Extracted, Source } from "../../../src/search/fetch/extract-messages.ts";
import { readPlainly } from "../../../src/search/fetch/plain-page.ts";

const settings = { lettersMax: 40_000 };
const source = (html: string): Source => ({ bytes: Buffer.from(html), kind: "html", charset: undefined });
const paragraph =
  "<p>Llamas walk slowly, carry little, and know the way home, which is why couriers trusted them.</p>";
const article = (inside: string): string =>
  `<!doctype html><html lang="en"><head><title>Of llamas</title></head><body><nav><ul><li><a href="/">Home</a></li>
  <li><a href="/x">Imprint</a></li></ul></nav><div class="content"><article><h1>Of llamas</h1>${paragraph.repeat(6)}${inside}
  ${paragraph.repeat(2)}</article></div><footer><a href="/y">Contact</a></footer></body></html>`;

/** Both ways a page can be read. */
const readers: [string, (html: string) => Extracted][] = [
  ["as an article", (html) => extract(source(html), settings)],
  ["plainly", (html) => readPlainly(source(html), settings)],
];

/** What nobody who looks at the page sees. */
const unseen = [
  "<p hidden>SECRET</p>",
  '<p HIDDEN="">SECRET</p>',
  "<div hidden=until-found><p>SECRET</div>",
  '<p style="display:none">SECRET</p>',
  '<p STYLE="DISPLAY : NONE !important">SECRET</p>',
  "<p style='color:red;display:/**/none'>SECRET</p>",
  '<p style="visibility:hidden">SECRET</p>',
  '<p style="opacity:0">SECRET</p>',
  '<p style="opacity: 0.01;">SECRET</p>',
  '<p style="font-size:0">SECRET</p>',
  '<p style="font-size: 1px">SECRET</p>',
  '<p style="font:0/0 a">SECRET</p>',
  '<p style="color:transparent">SECRET</p>',
  '<p style="position:absolute;left:-9999px">SECRET</p>',
  '<p style="text-indent:-999em">SECRET</p>',
  '<p style="position:absolute;clip:rect(0 0 0 0)">SECRET</p>',
  '<p style="clip-path:inset(50%)">SECRET</p>',
  '<p style="height:0;overflow:hidden">SECRET</p>',
  '<p style="transform:scale(0)">SECRET</p>',
  '<p aria-hidden="true">SECRET</p>',
  '<p style="display&#58;none">SECRET</p>',
  '<p style="display&#58none">SECRET</p>',
  '<p style="display&#x0000000003a;none">SECRET</p>',
  '<p style="display&colon;none">SECRET</p>',
  '<p style="color:red&semi;&Tab;display:n&#111;ne">SECRET</p>',
  "<p style=display:&NewLine;none>SECRET</p>",
  '<p aria-hidden="&#116;rue">SECRET</p>',
  '<p hidden="&#102;alse">SECRET</p>',
  "<style>.gone{display:none}</style><p class='x&#32;g&#111;ne'>SECRET</p>",
  `<p style="display:\\6eone">SECRET</p>`,
  `<p style="display:\\00006e one">SECRET</p>`,
  `<p style="d\\isplay:none">SECRET</p>`,
  `<p style="\\64\\69splay:none">SECRET</p>`,
  `<p style="display:no\\6E e">SECRET</p>`,
  `<p style="DISPLAY:\\4eONE">SECRET</p>`,
  '<p style="display:/**/none">SECRET</p>',
  '<p style="display:/***/none">SECRET</p>',
  '<p style="display/* : */:none">SECRET</p>',
  '<p style="color:red;/*;*/display:none">SECRET</p>',
  '<p style="display:none/* a * b */">SECRET</p>',
  '<p style="display:none!important">SECRET</p>',
  '<p style="display:NONE ! IMPORTANT">SECRET</p>',
  `<p style="display\n:\t\fnone\r\n">SECRET</p>`,
  '<p style="color:red;;; display:none ;">SECRET</p>',
  '<p style="background:url(//a/*b);display:none">SECRET</p>',
  `<p style="content:&quot;a\\&quot;;b/*&quot;;display:none">SECRET</p>`,
  '<p style="x{};display:none">SECRET</p>',
  '<p style="color:rgba(0,0,0,0)">SECRET</p>',
  '<p style="color:rgba(10, 20, 30, 0.0)">SECRET</p>',
  '<p style="color:rgb(0 0 0 / 0)">SECRET</p>',
  '<p style="color:rgb(0 0 0 / 0%)">SECRET</p>',
  '<p style="color:hsla(0,0%,0%,.01)">SECRET</p>',
  '<p style="color:#11223300">SECRET</p>',
  '<p style="color:#1230">SECRET</p>',
  '<p style="COLOR:Transparent !important">SECRET</p>',
  '<p style="-webkit-text-fill-color:transparent">SECRET</p>',
  '<p style="color:transparent;background-clip:text">SECRET</p>',
  '<p style="opacity:0%">SECRET</p>',
  '<p style="opacity:.0">SECRET</p>',
  '<p style="opacity:0e0">SECRET</p>',
  '<p style="opacity:-1">SECRET</p>',
  '<p style="opacity:calc(0)">SECRET</p>',
  '<p style="filter:blur(2px) opacity(0)">SECRET</p>',
  '<p style="font-size:0px">SECRET</p>',
  '<p style="font-size:0.5px">SECRET</p>',
  '<p style="font-size:0.01in">SECRET</p>',
  '<p style="font-size:.001em">SECRET</p>',
  '<p style="font-size:10%">SECRET</p>',
  '<p style="font:italic 0/1 serif">SECRET</p>',
  '<p style="visibility:collapse">SECRET</p>',
  '<p style="clip:rect(1px,1px,1px,1px)">SECRET</p>',
  '<p style="clip:rect(0 0 auto auto);clip:rect(5px 5px 5px 5px)">SECRET</p>',
  '<p style="clip-path:inset(100%)">SECRET</p>',
  '<p style="clip-path:inset( 0 100% 0 0 )">SECRET</p>',
  '<p style="-webkit-clip-path:circle(0 at 50% 50%)">SECRET</p>',
  '<p style="clip-path:polygon(0 0, 0 0, 0 0)">SECRET</p>',
  '<p style="text-indent:-9999px">SECRET</p>',
  '<p style="text-indent:9999px">SECRET</p>',
  '<p style="text-indent:100%;white-space:nowrap;overflow:hidden">SECRET</p>',
  '<p style="position:absolute;left:-9999px">SECRET</p>',
  '<p style="position:fixed;top:-100vh">SECRET</p>',
  '<p style="margin:0 0 0 -9999px">SECRET</p>',
  '<p style="inset:0 auto auto -9999px">SECRET</p>',
  '<p style="width:0;height:0;overflow:hidden">SECRET</p>',
  '<p style="width:1px;height:1px;overflow:hidden">SECRET</p>',
  '<p style="max-height:0">SECRET</p>',
  '<p style="max-height:0px;overflow:clip">SECRET</p>',
  '<p style="transform:scale(0)">SECRET</p>',
  '<p style="transform:rotate(2deg) scale(0, 1)">SECRET</p>',
  '<p style="transform:scaleY(0)">SECRET</p>',
  '<p style="transform:scale3d(0,0,0)">SECRET</p>',
  '<p style="transform:translateX(-9999px)">SECRET</p>',
  '<p style="transform:translate( 0, -9999px )">SECRET</p>',
  '<p style="transform:rotateY(90deg)">SECRET</p>',
  '<p style="transform:matrix(0,0,0,0,0,0)">SECRET</p>',
  '<p style="-webkit-transform:scale(0.001)">SECRET</p>',
  '<p style="scale:0">SECRET</p>',
  '<p style="translate:-9999px 0">SECRET</p>',
  `<p style='display:no\\ne'>SECRET</p>`,
  "<style>.gone{display:none}</style><p class='x gone'>SECRET</p>",
  "<style>a{b:c}#gone , .y { color: red; visibility: hidden }</style><p id=gone>SECRET</p>",
  `<p class=gone>SECRET</p><style>.gone{display:none}</style>`,
  `<p id=gone>SECRET</p><style>#GONE{display:none}</style>`,
  `<style>p.gone{display:none}</style><p class='x gone'>SECRET</p>`,
  `<style>.a.b{display:none}</style><p class='b x a'>SECRET</p>`,
  `<style>p.a#b.c{display:none}</style><p class='c a' id=b>SECRET</p>`,
  `<style>*.gone{display:none}</style><p class=gone>SECRET</p>`,
  `<style>.x, .y , p.z{display:none}</style><p class=z>SECRET</p>`,
  `<style>aside{display:none}</style><aside>SECRET</aside>`,
  `<style>my-note{display:none}</style><my-note>SECRET</my-note>`,
  `<style>@media screen{.gone{display:none}}</style><p class=gone>SECRET</p>`,
  `<style>@media ALL , print{.gone{display:none}}</style><p class=gone>SECRET</p>`,
  `<style>@media only screen and (min-width:1px){.gone{display:none}}</style><p class=gone>SECRET</p>`,
  `<style>@media not print{@supports (color:red){.gone{display:none}}}</style><p class=gone>SECRET</p>`,
  `<style>@layer base{.gone{display:none}}</style><p class=gone>SECRET</p>`,
  `<style media=screen type=TEXT/CSS>.gone{display:none}</style><p class=gone>SECRET</p>`,
  String.raw`<style>@import "x;y";.g\6fne{d\isplay:none}</style><p class=gone>SECRET</p>`,
  String.raw`<style>.md\:gone{display:none}</style><p class=md:gone>SECRET</p>`,
  `<style>.go/*.x{*/ne{color:red}/*}*/.gone{/*}*/display:none}</style><p class=gone>SECRET</p>`,
  `<style>.x{content:"}";}.gone{content:'{';display:none}</style><p class=gone>SECRET</p>`,
  `<style>.gone{.x{color:red}display:none}</style><p class=gone>SECRET</p>`,
  `<style><!-- .gone{display:none} --></style><p class=gone>SECRET</p>`,
  `<style>@media all{.gone{color:red;display:none</style><p class=gone>SECRET</p>`,
  `<style>.gone{color:rgba(0,0,0,0)}</style><p class=gone>SECRET</p>`,
  `<style>.Gone{display:none}</style><p class=gONE>SECRET</p>`,
  `<style>.y{display:none}.y.on{display:block}</style><p class=y>SECRET</p>`,
  `<style>.y{display:block}.y{display:none}</style><p class=y>SECRET</p>`,
  `<style>#y{display:none}.y{display:block}</style><p class=y id=y>SECRET</p>`,
  `<style>.y{display:none!important}#y{display:block}</style><p class=y id=y>SECRET</p>`,
  `<style>.y{display:none!important}</style><p class=y style="display:block">SECRET</p>`,
  `<style>.y{display:none}.x .y{display:block}</style><p class=y>SECRET</p>`,
  `<style>.y{display:none}.y[open]{display:block}</style><p class=y>SECRET</p>`,
  `<style>.y{display:none}.y:hover{display:block}</style><p class=y>SECRET</p>`,
  `<style>.y{display:none}.y::before{display:block}</style><p class=y>SECRET</p>`,
  `<style>.y{display:none}@media print{.y{display:block}}</style><p class=y>SECRET</p>`,
  `<style>.y{display:none}@media (min-width:9999px){.y{display:block}}</style><p class=y>SECRET</p>`,
  `<style>.y{display:none;display:nonesuch}</style><p class=y>SECRET</p>`,
  `<style>.y{display:none}.y{opacity:1}</style><p class=y>SECRET</p>`,
  `<style>.y{opacity:0;transition:opacity 1s;position:absolute}</style><p class=y>SECRET</p>`,
  `<style>.y{opacity:0;transform:translateY(9px);pointer-events:none}</style><p class=y>SECRET</p>`,
  `<style>.y{display:none;transition:all 1s}</style><p class=y>SECRET</p>`,
  `<style>.y{display:none;animation:in 1s}</style><p class=y>SECRET</p>`,
  `<style>.y{opacity:0}.y:hover{opacity:1}</style><p class=y>SECRET</p>`,
  `<p style="display:block;display:none">SECRET</p>`,
  `<p style="display:none!important;display:block">SECRET</p>`,
  `<div style="font-size:0"><p style="font-size:2em">SECRET</p></div>`,
  `<div style="font-size:0"><p style="visibility:visible">SECRET</p></div>`,
  `<div style="display:none"><p style="visibility:visible">SECRET</p></div>`,
  `<div style="visibility:hidden"><p style="visibility:inherit">SECRET</p></div>`,
  `<div style="visibility:hidden"><p style="visibility:visible">x</p>SECRET</div>`,
  "<!-- SECRET -->",
  "<!-- > SECRET --!><!-- SECRET --->",
  "<!SECRET>",
  "<?php SECRET ?>",
  "</ SECRET>",
  "<script>SECRET</script>",
  "<script type='text/template'><p>SECRET</p></script>",
  "<SCRIPT>'</scrip' SECRET</SCRIPT >",
  "<style>SECRET</style>",
  "<template><p>SECRET</p></template>",
  "<noscript><p>SECRET</p></noscript>",
  "<iframe>SECRET</iframe>",
  "<object>SECRET</object>",
  "<svg><text>SECRET</text><desc>SECRET</desc></svg>",
  "<canvas>SECRET</canvas>",
  "<video>SECRET</video>",
  "<select><option>SECRET</option></select>",
  "<textarea>SECRET</textarea>",
  "<button>SECRET</button>",
  "<dialog><p>SECRET</p></dialog>",
  '<img alt="SECRET" title="SECRET" src=x>',
  '<input value="SECRET" placeholder="SECRET">',
  '<meta name="description" content="SECRET">',
  '<a href="https://example.com/SECRET" title="SECRET">link</a>',
  '<p title="SECRET" data-x="SECRET" aria-label="SECRET">seen</p>',
  '<p title=">SECRET">seen</p>',
  "<p title='\"><p>SECRET'>seen</p>",
  "<div hidden><b><i>SECRET</b></i><p>SECRET<div>SECRET</div></div>",
  "<div hidden></span></p></b>SECRET</div>",
  "<template><div></div>SECRET</template>",
  `<div hidden><table><tr><td></div>SECRET</td></tr></table></div>`,
  `<div hidden><table></div>SECRET</table></div>`,
  `<div hidden><table><tr><td><b></div></b>SECRET</table></div>`,
  `<table><tr><td hidden><table><tr><td>x<td>SECRET</table></table>`,
  `<p hidden><button><p>SECRET</button></p>`,
  `<p hidden><button></p>SECRET</button>SECRET</p>`,
  `<div hidden><object></div>SECRET</object></div>`,
  `<ul hidden><li><ul></li>SECRET</ul></li></ul>`,
  `<table><tr><td hidden><table><tr></td>SECRET</table></table>`,
  `<table><tr><td hidden><table><tr><td></table>SECRET</td></table>`,
  `<span hidden><div></span>SECRET</div></span>`,
  `<my-note hidden><my-other></my-other></my-other>SECRET</my-note>`,
  `<section hidden><h2></span></h2></h3></em></section-x>SECRET</section>`,
  `<form hidden><div></form>SECRET</div></form>`,
  `<div hidden></body></html>SECRET</div>`,
  `<template><table><tr><td></template><template><div></table></div>SECRET</template>`,
  `<p><b hidden></p>SECRET</b>`,
  `<p><b hidden><i hidden>x</p><div>SECRET</b>SECRET</div></i>`,
  `<div><table><tr><td><em><b hidden></em>SECRET</td></tr></table></div>`,
  `<!--!> SECRET --><p>seen</p>`,
  `<div hidden><p></p a="></div>">SECRET</div>`,
  `<p ="><p style="display:none">SECRET</p>`,
  `<p a=b\u00A0style=c style="display:none">SECRET</p>`,
  "<p hidden>SECRET<p>seen</p>",
];

describe.each(readers)("a page that is read %s", (_how, read) => {
  it.each(unseen)("does not show what is in %s", (markup) => {
    const { text, title } = read(article(markup));

    expect(text).not.toContain("SECRET");
    expect(text).toContain("Llamas walk slowly");
    expect(text.match(/Llamas walk slowly/g)).toHaveLength(8);
    expect(title).toBe("Of llamas");
  });

  it.each([
    ['<p style="opacity:0.5">SEEN and read by everyone who comes here.</p>'],
    ['<p style="font-size:0.8em">SEEN and read by everyone who comes here.</p>'],
    ['<p style="min-width:0;margin-left:-15px">SEEN and read by everyone who comes here.</p>'],
    ['<p style="display&amp;#58;none">SEEN and read by everyone who comes here.</p>'],
    [`<p style="display\\:none">SEEN and read by everyone who comes here.</p>`],
    [`<p style="content:&quot;;display:none;&quot;">SEEN and read by everyone who comes here.</p>`],
    [`<p style="/*display:none*/color:red">SEEN and read by everyone who comes here.</p>`],
    [`<p style="display:nonesuch">SEEN and read by everyone who comes here.</p>`],
    [`<p style="--display:none">SEEN and read by everyone who comes here.</p>`],
    ['<p style="opacity:0.9">SEEN and read by everyone who comes here.</p>'],
    ['<p style="opacity:90%">SEEN and read by everyone who comes here.</p>'],
    ['<p style="opacity:1">SEEN and read by everyone who comes here.</p>'],
    ['<p style="font-size:0.9em">SEEN and read by everyone who comes here.</p>'],
    ['<p style="font-size:90%">SEEN and read by everyone who comes here.</p>'],
    ['<p style="font-size:10px">SEEN and read by everyone who comes here.</p>'],
    ['<p style="font:400 16px/1.5 serif">SEEN and read by everyone who comes here.</p>'],
    ['<p style="font:bold .9em serif">SEEN and read by everyone who comes here.</p>'],
    ['<p style="left:-1px">SEEN and read by everyone who comes here.</p>'],
    ['<p style="position:relative;left:-99px">SEEN and read by everyone who comes here.</p>'],
    ['<p style="margin-left:-50px">SEEN and read by everyone who comes here.</p>'],
    ['<p style="text-indent:-1.5em">SEEN and read by everyone who comes here.</p>'],
    ['<p style="text-indent:2em">SEEN and read by everyone who comes here.</p>'],
    ['<p style="color:#000">SEEN and read by everyone who comes here.</p>'],
    ['<p style="color:#000000ff">SEEN and read by everyone who comes here.</p>'],
    ['<p style="color:#123f">SEEN and read by everyone who comes here.</p>'],
    ['<p style="color:#102030">SEEN and read by everyone who comes here.</p>'],
    ['<p style="color:rgba(0,0,0,.6)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="color:rgb(0 0 0)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="color:rgb(0,0,0)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="background:rgba(0,0,0,.05)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="background-color:transparent">SEEN and read by everyone who comes here.</p>'],
    ['<p style="border-color:transparent">SEEN and read by everyone who comes here.</p>'],
    ['<p style="background:rgba(0,0,0,0)">SEEN and read by everyone who comes here.</p>'],
    [
      '<p style="color:transparent;background-image:linear-gradient(red,blue);-webkit-background-clip:text">SEEN and read by everyone who comes here.</p>',
    ],
    ['<p style="transform:scale(1.05)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="transform:scaleX(-1)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="transform:translate(-50%,-50%)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="transform:translateX(-100%)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="transform:rotate(90deg)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="transform:matrix(1,0,0,1,0,0)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="transform:translateZ(0)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="clip:rect(0 100px 100px 0)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="clip:auto">SEEN and read by everyone who comes here.</p>'],
    ['<p style="clip-path:none">SEEN and read by everyone who comes here.</p>'],
    ['<p style="clip-path:inset(10%)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="clip-path:circle(50%)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="clip-path:polygon(0 0,100% 0,100% 100%)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="height:1px">SEEN and read by everyone who comes here.</p>'],
    ['<p style="overflow:hidden">SEEN and read by everyone who comes here.</p>'],
    ['<p style="width:100%;overflow:hidden">SEEN and read by everyone who comes here.</p>'],
    ['<p style="min-height:0;max-height:10em">SEEN and read by everyone who comes here.</p>'],
    ['<p style="visibility:visible">SEEN and read by everyone who comes here.</p>'],
    ['<p style="display:block">SEEN and read by everyone who comes here.</p>'],
    ['<p style="filter:opacity(.9)">SEEN and read by everyone who comes here.</p>'],
    ['<p style="letter-spacing:-1px">SEEN and read by everyone who comes here.</p>'],
    ["<details><summary>More</summary><p>SEEN and read by everyone who opens it.</p></details>"],
    [`<style>.x p{display:none}</style><p>SEEN and read by everyone who comes here.`],
    [`<style>.x>.y{display:none}</style><p class=y>SEEN and read by everyone who comes here.`],
    [`<style>.y:hover{display:none}</style><p class=y>SEEN and read by everyone who comes here.`],
    [`<style>.y::before{display:none}</style><p class=y>SEEN and read by everyone who comes here.`],
    [`<style>.y:not(.x,.z){display:none}</style><p class=y>SEEN and read by everyone who comes here.`],
    [`<style>.x.y{display:none}</style><p class=y>SEEN and read by everyone who comes here.`],
    [`<style>div.y{display:none}</style><p class=y>SEEN and read by everyone who comes here.`],
    [`<style>.y-{display:none}</style><p class=y>SEEN and read by everyone who comes here.`],
    [`<style>.x .y, .z{display:none}</style><p class=y>SEEN and read by everyone who comes here.`],
    [`<style>*{display:none}</style><p>SEEN and read by everyone who comes here.`],
    [`<style>body{opacity:0}</style><p>SEEN and read by everyone who comes here.`],
    [`<style>.y{opacity:.9}</style><p class=y>SEEN and read by everyone who comes here.`],
    [`<style>.y{}.x{display:none}</style><p class=y>SEEN and read by everyone who comes here.`],
    [`<style>.y{.x{display:none}}</style><p class=y>SEEN and read by everyone who comes here.`],
    [`<style>@keyframes x{from{opacity:0}}</style><from>SEEN and read by everyone who comes here.`],
    [
      `<style>@media (max-width:600px){.y{display:none}}</style><p class=y>SEEN and read by everyone who comes here.`,
    ],
    [
      `<style>@media screen and (min-width:900px){.y{display:none}}</style><p class=y>SEEN and read by everyone who comes here.`,
    ],
    [
      `<style>@media print, (min-width:900px){.y{display:none}}</style><p class=y>SEEN and read by everyone who comes here.`,
    ],
    [
      `<style>@supports not (color:red){.y{display:none}}</style><p class=y>SEEN and read by everyone who comes here.`,
    ],
    [`<style media=print>.y{display:none}</style><p class=y>SEEN and read by everyone who comes here.`],
    [`<style type=text/x>.y{display:none}</style><p class=y>SEEN and read by everyone who comes here.`],
    [`<!--<style>.y{display:none}</style>--><p class=y>SEEN and read by everyone who comes here.`],
    [
      `<script>"<style>.y{display:none}</style>"</script><p class=y>SEEN and read by everyone who comes here.`,
    ],
    [`<style>/*.y{display:none}*/</style><p class=y>SEEN and read by everyone who comes here.`],
    [`<style>.x{content:"}.y{display:none}"}</style><p class=y>SEEN and read by everyone who comes here.`],
    [
      `<style>.tab{display:none}.tab.on{display:block}</style><p class="tab on">SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{display:none}.y{display:flex}</style><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{display:none}#y{display:block}</style><p class=y id=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>#y{display:none}p#y{display:block}</style><p id=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{display:none}.x .y{display:block}</style><div class=x><p class=y>SEEN and read by everyone who comes here.</p></div>`,
    ],
    [
      `<style>.y{display:none}[data-on]{display:block}</style><p class=y data-on>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{display:none}.y:first-child{display:block}</style><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{display:none}.y:is(.a,.b){display:block}</style><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{display:none!important}.y{display:block!important}</style><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [`<style>.y{display:none;display:block}</style><p class=y>SEEN and read by everyone who comes here.</p>`],
    [
      `<style>.y{display:none}</style><p class=y style="display:block">SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{opacity:0}</style><p class=y style="opacity:1">SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{height:0;overflow:hidden}.y.on{height:auto}</style><p class="y on">SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{position:absolute;clip:rect(0,0,0,0)}.on{position:static;clip:auto}</style><p class="y on">SEEN and read by everyone who comes here.</p>`,
    ],
    [
      String.raw`<style>.hidden{display:none}@media (min-width:768px){.md\:block{display:block}}</style><p class="hidden md:block">SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{display:none}@media (max-width:767px){.y{display:block}}</style><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{display:none}.y{@media (width>=48rem){display:block}}</style><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{display:none}#t:checked~.y{display:block}</style><input id=t><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{opacity:0;transform:translateY(20px)}</style><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{opacity:0;transition:opacity 1s}</style><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{opacity:0}.y.active{opacity:1}</style><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{opacity:0}.ready .y{opacity:1}</style><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{opacity:0;animation:in 1s forwards}</style><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{visibility:hidden;animation:in 1s}</style><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.y{max-height:0;overflow:hidden;transition:max-height .2s}</style><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    [
      `<style>.x{visibility:hidden}.y{visibility:visible}</style><div class=x><p class=y>SEEN and read by everyone who comes here.</p></div>`,
    ],
    [
      `<style>.x{font-size:0}.y{font-size:1rem}</style><div class=x><p class=y>SEEN and read by everyone who comes here.</p></div>`,
    ],
    [
      `<style>.y{color:transparent;-webkit-text-stroke:1px #000}</style><p class=y>SEEN and read by everyone who comes here.</p>`,
    ],
    ['<p style="opacity:0;transform:translateY(20px)">SEEN and read by everyone who comes here.</p>'],
    [
      '<p style="visibility:hidden;animation-delay:.2s;animation-name:none">SEEN and read by everyone who comes here.</p>',
    ],
    ['<p style="display:none;display:block">SEEN and read by everyone who comes here.</p>'],
    [
      '<div style="font-size:0px"><div style="font-size:13px">SEEN and read by everyone who comes here.</div></div>',
    ],
    [
      '<div style="visibility:hidden">x<p style="visibility:visible">SEEN and read by everyone who comes here.</p></div>',
    ],
    ['<p style="color:transparent;text-shadow:0 0 0 #000">SEEN and read by everyone who comes here.</p>'],
    [`<template><style>p{display:none}</style></template><p>SEEN and read by everyone who comes here.</p>`],
    [
      `<div><template shadowrootmode="open"><p>SEEN and read by everyone who comes here.</p></template></div>`,
    ],
    [`<div hidden><td></div>SEEN and read by everyone who comes here.`],
    [`<div hidden><table><tr><td></td></tr></table></div>SEEN and read by everyone who comes here.`],
    [`<table><tr><td><div hidden></table>SEEN and read by everyone who comes here.`],
    [`<table><tr><td><p hidden></td><td>SEEN and read by everyone who comes here.`],
    [`<table><tr><td><b hidden><p></p></td></tr></table>SEEN and read by everyone who comes here.`],
    [`<table><tr><td><p><b hidden></p></td></tr></table>SEEN and read by everyone who comes here.`],
    [`<form hidden><p>x</form>SEEN and read by everyone who comes here.`],
    [`<form hidden><div></form></div>SEEN and read by everyone who comes here.`],
    [`<p><b hidden></p>x</b>SEEN and read by everyone who comes here.`],
    [`<p><b hidden></p></b></b><b></b>SEEN and read by everyone who comes here.`],
    [`<b hidden><i>x</b></i>SEEN and read by everyone who comes here.`],
    [`<div hidden><span><b></div>SEEN and read by everyone who comes here.`],
    [`<template><table><tr><td></template>SEEN and read by everyone who comes here.`],
    [`<select><option>x</select>SEEN and read by everyone who comes here.`],
    [`<button><p>x</button>SEEN and read by everyone who comes here.`],
    [`<a><svg class=x/> SEEN and read by everyone who comes here.</a>`],
    [`<svg><title/><style/><path/></svg>SEEN and read by everyone who comes here.`],
    [`<table><tr><td hidden><p>x<td>SEEN and read by everyone who comes here.</table>`],
    [`<table><tr hidden><td><p>x<tr><td>SEEN and read by everyone who comes here.</table>`],
    [`<p hidden><span>x<p>SEEN and read by everyone who comes here.`],
    [`<svg><g><path></svg>SEEN and read by everyone who comes here.`],
    ['<p aria-hidden="false">SEEN and read by everyone who comes here.</p>'],
    ["<style>@media print{.x{display:none}}</style><p class=x>SEEN and read by everyone who comes here.</p>"],
    ["<p hidden>x</p><p>SEEN and read by everyone who comes here.</p>"],
    ["<p hidden>x<div>SEEN and read by everyone who comes here.</div>"],
    ["<ul><li hidden>x<li>SEEN and read by everyone who comes here, twice and again.</ul>"],
    ["<p>&#83;EEN and read by &lt;b&gt; everyone who comes here.</p>"],
  ])("shows what is in %s", (markup) => {
    expect(read(article(markup)).text).toContain("SEEN and read by");
  });

  it("knows what is hidden after a thousand other declarations", () => {
    const { text } = read(article(`<p style="${"color:red;".repeat(1_000)}display:none">SECRET</p>`));

    expect(text).not.toContain("SECRET");
  });

  it("keeps letters out that show nothing", () => {
    const { text } = read(
      article("<p>ig\u200Bno\u00ADre \u202Ethis\u202C \u{E0041}\u{E0042}line, please, all of it</p>"),
    );

    expect(text).toContain("ignore this line, please, all of it");
    expect(text).not.toMatch(/[\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2064\uFEFF]|[\u{E0000}-\u{E007F}]/u);
  });

  it("has a line for each block", () => {
    expect(
      read(article("<ul><li>one thing, long enough</li><li>another <b>bold</b> thing</li></ul>")).text,
    ).toMatch(/\none thing, long enough\nanother bold thing\n/);
  });

  it("decodes what is escaped once, and takes nothing of it for markup", () => {
    const { text } = read(
      article("<p>&lt;script&gt;x&lt;/script&gt; &amp;lt; &uuml; &eacute; &#x20AC; &nope; AT&T</p>"),
    );

    expect(text).toContain("<script>x</script> &lt; ü é € &nope; AT&T");
  });
});

describe("a page nearly all of which is hidden", () => {
  const lines = `<h1>Of llamas</h1>${paragraph.repeat(6)}`;

  it.each([
    [`<style>#page{display:none}</style><div id=page>${lines}</div>`],
    [`<style>main{visibility:hidden}.ready main{visibility:visible}</style><main>${lines}</main>`],
    [`<style>.invisible{visibility:hidden}</style>${`<p class=invisible>${lines}</p>`.repeat(2)}`],
    [`<style>body{opacity:0!important}</style><body style="opacity:0">${lines}`],
    [`<html style="visibility:hidden"><body style="display:none" hidden aria-hidden=true>${lines}`],
    [`<div style="opacity:0">${lines}</div><div style="opacity:0">${lines}</div>`],
    [`<div aria-hidden="true">${lines}</div><div role="dialog">Subscribe!</div>`],
    [`<style>#a{display:none}#b{opacity:0}</style><div id=a><div id=b>${lines}</div></div>`],
  ])("is read as if %s hid nothing", (html) => {
    for (const [, read] of readers) expect(read(html).text).toContain("Llamas walk slowly");
  });

  it.each([
    ["what else is hidden", `<div id=page>${lines}<p class=gone>SECRET</p></div>`],
    ["another half", `<div id=page>${lines}</div><div class=gone>${"SECRET ".repeat(100)}</div>`],
    ["what no browser shows", `<template>${"SECRET ".repeat(200)}</template><p>seen</p>`],
  ])("keeps %s hidden", (_what, html) => {
    const css = "<style>#page{display:none}.gone{display:none}</style>";
    for (const [, read] of readers) expect(read(css + html).text).not.toContain("SECRET");
  });

  it("is not one that shows as much as it hides", () => {
    const html = `<div>${lines}</div><div style="display:none">${"SECRET ".repeat(100)}</div>`;

    for (const [, read] of readers) expect(read(html).text).not.toContain("SECRET");
  });
});

it("leaves out what stands around an article", () => {
  const { text } = extract(source(article("")), settings);

  expect(text).not.toMatch(/Imprint|Contact/);
});

it("takes the whole page where no article can be found", () => {
  expect(extract(source("<p>One</p><p>Two</p>"), settings).text).toBe("One\nTwo");
});

it("reads letters of Windows as browsers do, also where nothing says so", () => {
  const read = (text: string, meta: string): string => {
    const bytes = Buffer.concat([Buffer.from(`${meta}<p>`), Buffer.from(text, "latin1")]);
    return readPlainly({ bytes, kind: "html", charset: undefined }, settings).text;
  };

  expect(read("\u0093caf\u00E9\u0094 \u0080 5", '<meta charset="iso-8859-1">')).toBe("“café” € 5");
  expect(read("M\u00FChle", "")).toBe("Mühle");
  expect(read("\u00FF \u00C3\u00BC", "")).toBe("\uFFFD ü");
});

describe("the date of a page", () => {
  it.each([
    ['<meta property="article:published_time" content="2025-01-02">', "2025-01-02"],
    ['<meta name="DC.date.issued" content="2025-01-02">', "2025-01-02"],
    ['<meta itemprop="datePublished" content="2025-01-02">', "2025-01-02"],
    [
      '<script type="application/ld+json">{"@type":"Article","datePublished" : "2025-01-02"}</script>',
      "2025-01-02",
    ],
    ['<time datetime="2025-01-02">today</time>', "2025-01-02"],
    ['<time datetime="2024-01-01"></time><meta name="date" content="2025-01-02">', "2025-01-02"],
    [
      '<meta name="date" content="2024-01-01"><meta property="article:published_time" content="2025-01-02">',
      "2025-01-02",
    ],
    ['<script>{"datePublished": "2025-01-02"}</script>', undefined],
    ['<div hidden><time datetime="2025-01-02"></time></div>', undefined],
    ["<p>2025-01-02</p>", undefined],
  ])("of %s is %s", (markup, expected) => {
    expect(readPlainly(source(markup), settings).dates[0]).toBe(expected);
  });
});

describe("markup for the parser", () => {
  it.each([
    ["<p>a<p>b", "<p>a</p><p>b</p>"],
    ["<b><i>a</b>c", "<b><i>a</i></b>c"],
    ["</div>a</p>", "a"],
    ["a < b <3 c", "a &lt; b &lt;3 c"],
    ["<P ONCLICK=x CLASS='a\"b' id=c href=d>e", '<p class="a&quot;b" id="c">e</p>'],
    ["<p class='a&amp;quot;b&#34;c'>d", '<p class="a&amp;quot;b&quot;c">d</p>'],
    ["<my-element>a</my-element>", "<span>a</span>"],
    ["a<img src=x><br>b", "a<br>b"],
    ["<p>a<scr", "<p>a</p>"],
    ['<p>a<b title="x>c', "<p>a</p>"],
  ])("of %s is %s", (html, expected) => {
    expect(clean(html, 100).html).toBe(expected);
  });

  it.each([
    ["256 levels", "<div>".repeat(256), true],
    ["257 levels", "<div>".repeat(257), false],
    ["1,000 paragraphs that are not closed", "<p>a".repeat(1_000), true],
    ["20,000 elements", "<b></b>".repeat(20_000), true],
    ["20,001 elements", "<b></b>".repeat(20_001), false],
    ["20,001 elements without an end", "<br>".repeat(20_001), false],
    ["257 hidden levels", `<p hidden>${"<i>".repeat(257)}`, false],
  ])("is there or not with %s", (_what, html, isThere) => {
    expect(clean(html, 100).html !== undefined).toBe(isThere);
  });
});

describe("a pass over 2 MiB of markup that was made to be slow", () => {
  const fill = (part: string): string => part.repeat(Math.ceil(2_000_000 / part.length));
  const count = (part: (at: number) => string): string =>
    Array.from({ length: 200_000 }, (_, at) => part(at)).join("");
  const few = (part: (at: number) => string): string =>
    Array.from({ length: 15_000 }, (_, at) => part(at)).join("");
  const half = (part: string): string => part.repeat(Math.ceil(1_000_000 / part.length));

  it.each([
    ["<", fill("<")],
    ["<!--", fill("<!--")],
    ["<!-- -->", fill("<!-- -->")],
    ["<!", fill("<!")],
    ["</a", fill("</a")],
    ['<a b="', fill('<a b="')],
    ["<a b='\"", fill("<a b='\"")],
    ["<a     ", `<a${fill(" ")}`],
    ["<a/", fill("<a/")],
    ["<a =", fill("<a =")],
    ["<div>", fill("<div>")],
    ["<i>, </b>", half("<i>") + half("</b>")],
    ["<div><td></div>", fill("<div><table><td></div>")],
    ["<div>, <b hidden>, </div>", half("<div>") + half("<b hidden>") + half("</div>")],
    ["<form><div></form>", fill("<form hidden><div></form>")],
    ["<i><b></i>", fill("<i><b></i>")],
    ["</a b=", fill("</a b='c' d")],
    ["<script>", fill("<script>")],
    ["<script></script", fill("<script></script ")],
    ["<style>a{", `<style>${fill("a{")}`],
    ["<style>{}", `<style>${fill("{display:none}/*")}`],
    ["<p style=/*", fill(`<p style='${"/*".repeat(1_000)}'>`)],
    ["<style>.a1,.a2,", `<style>${count((at) => `.a${at},`)}{display:none}</style>`],
    [
      "<style>.a.b1{}.a.b2{}",
      `<style>${few((at) => `.a.b${at}{display:none}`)}</style>${half("<p class=a>")}`,
    ],
    ["<style>.a.a.a", `<style>${fill(".a")}{display:none}</style>`],
    ["<style>@media all{", `<style>${fill("@media all{")}`],
    ["<style>a{content:'", `<style>${fill("a{content:'")}`],
    [String.raw`<style>'\\`, `<style>'${fill("\\")}`],
    ["<style>url(", `<style>${fill("url( ")}`],
    ["<style></style>", fill("<style>.a{display:none}</style>")],
    [
      "<style>.a{}.b .a{}",
      `<style>${few((at) => `.x${at} .a{opacity:${at};display:block}`)}.a{opacity:0}</style>${half("<p class='a x1'>")}`,
    ],
    ["<style>:not(", `<style>${fill(":not(")}{display:none}</style>`],
    ["<style>a b c", `<style>${fill("a > b ")}{display:none}</style><p>`],
    ["<style>.a[b][b", `<style>.a${fill("[b")}{display:block}</style><p>`],
    ["<div style=font-size:0>", fill("<div style='font-size:0'><i style='font-size:1px'>")],
    ["<p a1 a2", fill(`<style></style><p ${few((at) => `a${at} `)}>`)],
    ["<p style=a:", fill(`<p style='${"width:1px;".repeat(1_000)}'>`)],
    ["<p style=transform:", fill(`<p style='transform:${"scale(1".repeat(1_000)}'>`)],
    ["<p style=!", fill(`<p style='color:${"! ".repeat(1_000)}'>`)],
    ["<p class=", `<style>.a{display:none}</style>${fill(`<p class='${"b ".repeat(1_000)}'>`)}`],
    ["datePublished", `<script type="application/ld+json">${fill('"datePublished" ')}`],
    ["&", fill("&")],
    ["&amp", fill("&amp")],
    ["spaces", fill(" \n ")],
    ["<p hidden>", fill("<p hidden>")],
  ])("ends soon: %s", (_what, html) => {
    const before = process.cpuUsage();
    readPlainly(source(html), settings);
    const { user } = process.cpuUsage(before);

    expect(user / 1_000).toBeLessThan(3_000);
  });
});

describe("the thread that reads pages", () => {
  const ends: (() => void)[] = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });
  const open = (extractMs: number, program?: URL): Extractor => {
    const extractor = createExtractor({ ...settings, extractMs }, { clock: systemClock, program });
    ends.push(() => extractor.close());
    return extractor;
  };
  /** A program in place of the thread's own. */
  const written = (code: string): URL => {
    const dir = mkdtempSync(path.join(tmpdir(), "chasqui-spec-"));
    ends.push(() => rmSync(dir, { recursive: true }));
    writeFileSync(
      path.join(dir, "program.mjs"),
      `import { parentPort } from "node:worker_threads";\n${code}`,
    );
    return pathToFileURL(path.join(dir, "program.mjs"));
  };

  it("finds the article", async () => {
    const { text } = await open(20_000).extract(source(article("")));

    expect(text).toContain("Llamas");
    expect(text).not.toContain("Imprint");
  });

  it("keeps its time over 1,000 nested elements, and nothing else stands still", async () => {
    const extractor = open(2_000);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const started = performance.now();
    const { text } = await extractor.extract(
      source(`<body>${"<div>".repeat(1_000)}deep${"</div>".repeat(1_000)}</body>`),
    );
    delay.disable();

    expect(text).toBe("deep");
    expect(performance.now() - started).toBeLessThan(2_500);
    expect(delay.max / 1e6).toBeLessThan(500);
  });

  it("is stopped when it does not end, and the next page is read by another", async () => {
    const program = written(`
      parentPort.on("message", ({ bytes }) => {
        if (Buffer.from(bytes).includes("forever")) for (;;);
        parentPort.postMessage({ text: "by the thread", dates: [] });
      });`);
    const extractor = open(1_000, program);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const [first, second] = await Promise.all([
      extractor.extract(source("<p>forever")),
      extractor.extract(source("<p>waits behind it")),
    ]);
    delay.disable();

    expect([first.text, second.text]).toEqual(["forever", "waits behind it"]);
    expect(delay.max / 1e6).toBeLessThan(500);
    expect((await extractor.extract(source("<p>next"))).text).toBe("by the thread");
  });

  it("may run out of memory", async () => {
    const program = written(`
      parentPort.on("message", () => { const all = []; for (;;) all.push(new Array(1e5).fill({})); });`);

    expect((await open(20_000, program).extract(source("<p>text"))).text).toBe("text");
  });

  it("may not be there", async () => {
    const nowhere = new URL("file:///nowhere/at-all.mjs");

    expect((await open(20_000, nowhere).extract(source("<p>text"))).text).toBe("text");
  });

  it("sees nothing of the environment", async () => {
    const program = written(
      `parentPort.on("message", () => parentPort.postMessage({ text: JSON.stringify(process.env), dates: [] }));`,
    );

    expect((await open(20_000, program).extract(source("x"))).text).toBe("{}");
  });

  it("is not needed for a plain answer once all is closed", async () => {
    const extractor = open(20_000, written(""));
    const running = extractor.extract(source("<p>runs"));
    const waiting = extractor.extract(source("<p>waits"));
    extractor.close();

    expect((await running).text).toBe("runs");
    expect((await waiting).text).toBe("waits");
    expect((await extractor.extract(source("<p>late"))).text).toBe("late");
  });
});
