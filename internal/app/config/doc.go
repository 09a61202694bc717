// Package config is the configuration of the program: one typed struct tree
// (Config) whose field comments are the reference manual, and Load, which
// fills it from defaults, a TOML file and environment variables, in that
// order.
//
// Reading is strict. An unknown key, an unknown YINGDA_ variable, a value of
// the wrong form or a combination that cannot work stops the start with a
// message that names the key and the fix. Nothing here opens a file other than
// the configuration itself, and nothing here has a default outside Default.
//
// Values are plain data: read once at the start, never changed afterwards,
// safe to share. The reference in docs/configuration.md is generated from the
// comments and held equal by a test.
//
// Imports: the standard library, desk and koanf. Only app and what is below it
// import config; other packages get their own small Config from app.
package config
