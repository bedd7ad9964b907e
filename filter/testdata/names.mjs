// Prints the names of people, places and streets that @faker-js/faker has, of every language, one a line.
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const { allLocales } = await import(pathToFileURL(join(process.argv[2], "dist", "index.js")));
const names = new Set();

function add(value) {
  if (typeof value === "string") {
    if (!value.includes("{{")) names.add(value.trim());
  } else if (Array.isArray(value)) {
    value.forEach(add);
  } else if (value && typeof value === "object") {
    Object.values(value).forEach(add);
  }
}

for (const locale of Object.values(allLocales)) {
  for (const kind of ["first_name", "last_name", "middle_name"]) add(locale.person?.[kind]);
  for (const kind of ["city_name", "city", "street_name", "street", "state", "county", "country"]) add(locale.location?.[kind]);
}
console.log([...names].join("\n"));
