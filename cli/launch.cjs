#!/usr/bin/env node
// Starts the command on Node 26 or newer. Plain old JavaScript: it must run on whatever Node there is.
'use strict'
var childProcess = require('child_process')
var fs = require('fs')
var os = require('os')
var path = require('path')
var tty = require('tty')

var NEEDED = 26
var WRONG_USAGE = 2

function major(version) {
  return parseInt(String(version).replace(/^v/, '').split('.')[0], 10)
}

// The binary of a `node` package in folder/node_modules; null where there is none that is new enough.
function nodeIn(folder) {
  var home = path.join(folder, 'node_modules', 'node')
  var binary = path.join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  try {
    var version = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8')).version
    // What runs already is too old, whatever its package says: starting it again would never end.
    if (major(version) >= NEEDED && fs.realpathSync(binary) !== process.execPath) return binary
  } catch (_) {
    // None here.
  }
  return null
}

function nodeUpwardFrom(start) {
  for (var folder = start; ; folder = path.dirname(folder)) {
    var binary = nodeIn(folder)
    if (binary !== null || path.dirname(folder) === folder) return binary
  }
}

function rerun(binary) {
  var words = process.execArgv.concat([__filename], process.argv.slice(2))
  var child = childProcess.spawn(binary, words, { stdio: 'inherit' })
  // Ctrl-C at a terminal reaches the child too, and a second one means "at once": pass on only what was
  // sent to this process alone.
  var terminal = tty.isatty(0) || tty.isatty(1) || tty.isatty(2)
  process.on('SIGINT', function () {
    if (!terminal) child.kill('SIGINT')
  })
  process.on('SIGTERM', function () {
    child.kill('SIGTERM')
  })
  child.on('error', function (error) {
    fail([binary + ' does not start: ' + error.message])
  })
  child.on('exit', function (code, signal) {
    process.exit(signal === null ? code : 128 + os.constants.signals[signal])
  })
}

function fail(lines) {
  process.stderr.write('millrace: ' + lines.join('\n') + '\n')
  process.exit(WRONG_USAGE)
}

function main() {
  if (major(process.versions.node) >= NEEDED) {
    var built = path.join(__dirname, '..', 'dist', 'cli', 'main.js')
    if (fs.existsSync(built)) return import('../dist/cli/main.js')
    return fail(['the package is not built', '  hint  npm run build'])
  }
  var binary = nodeUpwardFrom(process.cwd()) || nodeUpwardFrom(__dirname)
  if (binary !== null) return rerun(binary)
  return fail([
    'needs Node ' + NEEDED + ' or newer, this is ' + process.version,
    '  hint  npm install --save-dev node@' +
      NEEDED +
      '   (into your project; nothing else changes)',
  ])
}

main()
