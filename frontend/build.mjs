// Bundles each entry with what it imports; code that is imported on demand becomes files of its own.
//   node build.mjs FOLDER
// The third-party notices beside the bundles name what the bundler says is in them.
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { build } from "esbuild";

const ENTRIES = ["editor.js", "results.js", "tables.js"];
const LICENCE = /^(licen[cs]e|copying)(\.(md|txt))?$/i;
const here = import.meta.dirname;

/** The folder of the package that a bundled file is from; null if the file is ours. */
function packageOf(path) {
  const end = path.lastIndexOf("node_modules/");
  if (end < 0) return null;
  const [scope, name] = path.slice(end + "node_modules/".length).split("/");
  return path.slice(0, end) + "node_modules/" + (scope.startsWith("@") ? `${scope}/${name}` : scope);
}

/** Name, version and licence of a package, with the words of the licence. */
async function notice(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(here, folder, "package.json")));
  const file = (await readdir(join(here, folder))).find((entry) => LICENCE.test(entry));
  if (!file) throw new Error(`${name} has no file with its licence, so it cannot be shipped.`);
  const words = (await readFile(join(here, folder, file), "utf-8")).trim();
  return `${name} ${version} (${license})\n\n${words}\n`;
}

const target = process.argv[2];
if (!target) throw new Error("Name the folder for the bundles: node build.mjs FOLDER");
await mkdir(target, { recursive: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ENTRIES,
  outdir: target,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  minify: true,
  legalComments: "none", // they are in the notices
  chunkNames: "[name]-[hash]",
  metafile: true,
  logLevel: "warning",
});
// What is in the bundles, not what was looked at: some of it was dropped.
const bundled = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
const folders = [...new Set(bundled.map(packageOf))].filter(Boolean).sort();
const notices = await Promise.all(folders.map(notice));
await writeFile(join(target, "NOTICES.txt"), notices.join(`\n${"-".repeat(80)}\n\n`));
