"use strict";

// Everything is set as text, never as markup.
function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function table(heads, rows) {
  const element = make("table");
  const head = element.createTHead().insertRow();
  for (const text of heads) head.append(make("th", text));
  const body = element.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const text of row) line.insertCell().textContent = text ?? "";
  }
  return element;
}

function typeOf(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  const type = Array.isArray(schema.type) ? schema.type.filter(t => t !== "null").join(" or ") : schema.type;
  return type === "array" ? `list of ${typeOf(schema.items)}` : type ?? "";
}

function fields(schema, schemas) {
  const found = schema?.$ref ? schemas[schema.$ref.split("/").pop()] : schema;
  return Object.entries(found?.properties ?? {}).map(([name, property]) => [name, typeOf(property), property.description]);
}

function operation(path, method, details, schemas) {
  const element = make("details");
  const summary = element.appendChild(make("summary"));
  summary.append(make("span", method.toUpperCase(), "method"), make("code", path), ` ${details.summary ?? ""}`);
  if (details.description) element.append(make("p", details.description));
  if (details.parameters?.length)
    element.append(make("h3", "Parameters"), table(["name", "in", "type"], details.parameters.map(p => [p.name, p.in, typeOf(p.schema)])));
  const content = details.requestBody?.content ?? {};
  if (Object.keys(content).length) {
    element.append(make("h3", `Request: ${Object.keys(content).join(" or ")}`));
    element.append(table(["field", "type", "meaning"], fields(Object.values(content)[0].schema, schemas)));
  }
  element.append(make("h3", "Answers"));
  element.append(table(["status", "meaning", "shape"], Object.entries(details.responses ?? {}).map(
    ([status, answer]) => [status, answer.description, typeOf(Object.values(answer.content ?? {})[0]?.schema)])));
  return element;
}

async function show() {
  const main = document.getElementById("operations");
  const answer = await fetch("/openapi/v1.json");
  if (!answer.ok) throw new Error(`The description answers ${answer.status}.`);
  const description = await answer.json();
  const schemas = description.components?.schemas ?? {};
  document.getElementById("title").textContent = description.info.title;
  document.getElementById("about").textContent = description.info.description ?? "";
  const groups = new Map();
  for (const [path, methods] of Object.entries(description.paths))
    for (const [method, details] of Object.entries(methods)) {
      const tag = details.tags?.[0] ?? "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(path, method, details, schemas));
    }
  main.replaceChildren();
  for (const [tag, operations] of groups) main.append(make("h2", tag), ...operations);
}

show().catch(problem => { document.getElementById("operations").textContent = `The description could not be shown: ${problem.message}`; });
