// What postal-mime finds in each message of a directory: a line with the name of the file and, in base64, the texts and
// names. The first argument is the directory of the package.
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';

const [, , place, dir] = process.argv;
const {main, module} = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
const {default: PostalMime} = await import(pathToFileURL(join(place, module || main)));
const lines = [];
for (const name of readdirSync(dir).sort()) {
  const texts = [];
  const add = (mail) => {
    texts.push(mail.subject || '', mail.text || '', mail.html || '');
    for (const file of mail.attachments || []) texts.push(file.filename || '', Buffer.from(file.content));
  };
  try {
    add(await PostalMime.parse(readFileSync(join(dir, name))));
  } catch {
    // it gives up on this one
  }
  lines.push(name + '\t' + Buffer.concat(texts.map((t) => Buffer.concat([Buffer.from(t), Buffer.from('\n')]))).toString('base64'));
}
process.stdout.write(lines.join('\n') + '\n');
