package app

import (
	"runtime"
	"runtime/debug"

	"yingda.dev/internal/app/config"
)

// version is set by the linker (scripts/build.sh).
var version = ""

type configCommand struct {
	Check   configCheck   `cmd:"" help:"Read the configuration as the server would and say what is wrong."`
	Doc     configDoc     `cmd:"" help:"Print the reference of all keys (docs/configuration.md)."`
	Default configDefault `cmd:"" help:"Print a configuration file that sets every key to its default."`
}

type (
	configCheck    struct{}
	configDoc      struct{}
	configDefault  struct{}
	versionCommand struct{}
)

// Run checks.
func (configCheck) Run(r *run) error {
	if _, err := r.config(); err != nil {
		return err
	}
	r.printf("The configuration is in order.\n")
	return nil
}

// Run prints the reference.
func (configDoc) Run(r *run) error {
	text, err := config.Doc()
	if err == nil {
		r.printf("%s", text)
	}
	return err
}

// Run prints the file.
func (configDefault) Run(r *run) error {
	text, err := config.DefaultFile()
	if err == nil {
		r.printf("%s", text)
	}
	return err
}

// Run prints the version.
func (versionCommand) Run(r *run) error {
	r.printf("yingda %s (%s, %s/%s)\n", versionText(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// versionText is the linker's version, else what the go command noted.
func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return "commit " + s.Value
			}
		}
	}
	return "unversioned"
}
