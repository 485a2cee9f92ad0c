import { credentialsIn, isSecretHeader, SecretRedactor } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const secret = 'sk-"quoted"/slash+ & ümlaut?';

function knowing(...secrets: string[]): SecretRedactor {
  const redactor = new SecretRedactor();
  redactor.add(secrets);
  return redactor;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

spec('secrets in text', (test) => {
  test('are found in every spelling a service may echo', () => {
    const json = JSON.stringify(secret);
    const spellings = [
      secret,
      json,
      JSON.stringify(json),
      json.replaceAll('/', '\\/'),
      encodeURIComponent(secret),
      encodeURIComponent(secret).toLowerCase(),
      new URLSearchParams({ q: secret }).toString(),
      base64(secret),
      Buffer.from(secret).toString('base64url'),
    ];
    for (const spelling of spellings) {
      const cleaned = knowing(secret).text(`before ${spelling} after`);
      assert.match(cleaned, /^before .*\[redacted\].* after$/, spelling);
      assert.not.ok(cleaned.includes('slash'), cleaned);
    }
  });

  test('are found in the base64 of a longer text, wherever they begin', () => {
    for (const user of ['', 'a', 'ab', 'abc', 'user:']) {
      const encoded = base64(`${user}${secret}:rest`);
      const cleaned = knowing(secret).text(encoded);
      assert.ok(cleaned.includes('[redacted]'), encoded);
      const left = Buffer.from(cleaned.replace('[redacted]', ''), 'base64').toString();
      assert.not.ok(left.includes('slash'), left);
    }
  });

  test('are all replaced, the longest first', () => {
    const redactor = knowing('hunter', 'hunter22');
    assert.is(redactor.text('hunter22 hunter hunter22'), '[redacted] [redacted] [redacted]');
  });

  test('shorter than six characters are not searched for', () => {
    assert.is(knowing('true', '12345').text('true 12345'), 'true 12345');
  });

  test('added later are found from then on', () => {
    const redactor = knowing('first-secret');
    assert.is(redactor.text('second-secret'), 'second-secret');
    redactor.add(['second-secret']);
    assert.is(redactor.text('first-secret second-secret'), '[redacted] [redacted]');
  });

  test('with characters that mean something in an expression are taken literally', () => {
    for (const odd of ['a.c*e+g', '(((((((', '[a-z]{3}$', 'back\\slash', 'a|b|c|d|e', '\ud800-lone-surrogate']) {
      assert.is(knowing(odd).text(`<${odd}>`), '<[redacted]>', odd);
      assert.is(knowing(odd).text('abc abbbcdefgh'), 'abc abbbcdefgh', odd);
    }
  });
});

spec('a text that was cut', (test) => {
  test('ends before what may be the beginning of a secret, in whatever spelling', () => {
    for (const spelling of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), base64(secret)]) {
      for (let end = 1; end < spelling.length; end++) {
        const shown = knowing(secret).cutText(`key: ${spelling.slice(0, end)}`);
        assert.match(shown, /^(?:key: |key: \[redacted\].?)$/, spelling.slice(0, end));
      }
    }
  });

  test('has no whole secret either, and is kept if it has none', () => {
    assert.is(knowing('hunter22').cutText('hunter22 is not hunt'), '[redacted] is not ');
    assert.is(knowing('hunter22').cutText('nothing to hide'), 'nothing to hide');
  });
});

spec('secrets in headers', (test) => {
  test('are all values but those that are public by nature', () => {
    assert.equal(['Accept', 'cache-control', 'Content-Type', 'User-Agent'].map(isSecretHeader), [
      false,
      false,
      false,
      false,
    ]);
    assert.equal(['Authorization', 'X-Api-Key', 'Cookie'].map(isSecretHeader), [true, true, true]);
  });

  test('are also what follows a scheme, and the user name and password of Basic', () => {
    assert.equal(credentialsIn('Bearer abcdef'), ['abcdef']);
    assert.equal(credentialsIn('Bot MTk4.x-9'), ['MTk4.x-9']);
    assert.equal(credentialsIn(`Basic ${base64('me:pass:word')}`), [
      base64('me:pass:word'),
      'me:pass:word',
      'pass:word',
    ]);
    assert.equal(credentialsIn('My Application'), []);
    assert.equal(credentialsIn('a phrase of words'), []);
  });
});

spec('secrets in JSON', (test) => {
  test('are found in numbers, of which others stay numbers', () => {
    assert.equal(knowing('12345678').json({ '12345678': [12345678, 1, 912345678] }), {
      '[redacted]': ['[redacted]', 1, '[redacted]'],
    });
  });

  test('are found in strings and keys at any depth', () => {
    const value = { list: [1, { text: 'has hunter22 in it' }], 'key-hunter22': null };
    assert.equal(knowing('hunter22').json(value), {
      list: [1, { text: 'has [redacted] in it' }],
      'key-[redacted]': null,
    });
  });

  test('a value without any is the same value', () => {
    const value = { list: [1, { text: 'nothing' }], deep: { a: null, b: true } };
    assert.is(knowing('hunter22').json(value), value);
    assert.is(new SecretRedactor().json(value), value);
  });

  test('parts without any are the same parts', () => {
    const untouched = { big: ['value'] };
    const cleaned = knowing('hunter22').json({ untouched, hit: 'hunter22' });
    assert.is(cleaned.untouched, untouched);
  });

  test('a text of 4 MiB is searched for a hundred secrets in a moment', () => {
    const secrets = Array.from({ length: 100 }, (_, index) => `sk-${base64(`secret number ${index}`)}`);
    const redactor = knowing(...secrets);
    const text = 'The quick brown fox asks sk-ies; '.repeat(130_000);
    redactor.text(text);
    const began = performance.now();
    assert.is(redactor.text(text), text);
    // Typically 10 ms; a scan per spelling would take a second.
    assert.ok(performance.now() - began < 500, `${performance.now() - began} ms`);
  });
});
