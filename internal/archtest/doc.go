// Package archtest holds the rules of the house as tests: which floor may
// import which, which package is the home of a heavy dependency, what code may
// not do outside its place, what each package must explain.
//
// It has no code of its own and is imported by nobody. Each rule is a function
// from the parsed source tree to a list of breaches; each breach names the
// file, the rule and the fix. rules_test.go feeds every rule small made-up
// sources, because a rule that cannot fail protects nothing.
//
// To change a rule, change its table here and say why in docs/adr.
//
// Imports: the standard library, desk, testify.
package archtest
