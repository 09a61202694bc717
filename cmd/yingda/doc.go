// Command yingda is the whole product: the server, its administration
// commands and its benchmarks. `yingda --help` lists them.
//
// It reads the arguments and hands over to package app; nothing else belongs
// here.
package main
