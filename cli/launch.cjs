#!/usr/bin/env node
// Starts the command on Node 26 or newer. Plain old JavaScript: it must run on whatever Node there is.
'use strict'
var path = require('path')
var fs = require('fs')
var NEEDED = 26

function major(version) {
  return parseInt(String(version).replace(/^v/, '').split('.')[0], 10)
}

// A `node` package that a project installed, from here or from this package upward.
function localNode() {
  var starts = [process.cwd(), __dirname]
  for (var s = 0; s < starts.length; s++) {
    for (var folder = starts[s]; ; folder = path.dirname(folder)) {
      var home = path.join(folder, 'node_modules', 'node')
      try {
        var version = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8')).version
        var binary = path.join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
        if (major(version) >= NEEDED && fs.existsSync(binary)) return binary
      } catch (_) {
        // None here: look further up.
      }
      if (path.dirname(folder) === folder) break
    }
  }
  return null
}

function rerun(binary) {
  var child = require('child_process').spawn(binary, [__filename].concat(process.argv.slice(2)), {
    stdio: 'inherit',
  })
  // The terminal sends Ctrl-C to the child as well: this process waits for its answer.
  process.on('SIGINT', function () {})
  process.on('SIGTERM', function () {
    child.kill('SIGTERM')
  })
  child.on('error', function (error) {
    process.stderr.write('millrace: ' + binary + ' does not start: ' + error.message + '\n')
    process.exit(2)
  })
  child.on('exit', function (code, signal) {
    process.exit(signal ? 130 : code)
  })
}

if (major(process.versions.node) >= NEEDED) {
  import('../dist/cli/main.js')
} else {
  var binary = localNode()
  if (binary) rerun(binary)
  else {
    process.stderr.write(
      'millrace needs Node ' + NEEDED + ' or newer, this is ' + process.version + '\n' +
        '  hint  npm install --save-dev node@' + NEEDED + '   (into your project; nothing else changes)\n'
    )
    process.exit(2)
  }
}
