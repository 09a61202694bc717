package config

import (
	"reflect"
	"strings"
)

// field is one leaf of the tree.
type field struct {
	key   string
	path  []int // for reflect.Value.FieldByIndex
	owner string
	name  string
	list  bool
}

// addr is a pointer to the field's place in c.
func (f field) addr(c *Config) any {
	return reflect.ValueOf(c).Elem().FieldByIndex(f.path).Addr().Interface()
}

// value is what c holds there.
func (f field) value(c Config) any {
	return reflect.ValueOf(c).FieldByIndex(f.path).Interface()
}

// fields lists every leaf of the tree in the order of the source.
func fields() []field { return walk(reflect.TypeFor[Config](), "", nil) }

func walk(t reflect.Type, prefix string, path []int) []field {
	var all []field
	for i := range t.NumField() {
		sf := t.Field(i)
		key := prefix + sf.Tag.Get("koanf")
		at := append(append([]int(nil), path...), i)
		if sf.Type.Kind() == reflect.Struct {
			all = append(all, walk(sf.Type, key+".", at)...)
			continue
		}
		all = append(all, field{
			key: key, path: at, owner: t.Name(), name: sf.Name,
			list: sf.Type.Kind() == reflect.Slice,
		})
	}
	return all
}

// keys indexes the leaves by key.
func keys() map[string]field {
	index := make(map[string]field)
	for _, f := range fields() {
		index[f.key] = f
	}
	return index
}

// section is the TOML table of the key and the name in it.
func section(key string) (table, name string) {
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		return key[:i], key[i+1:]
	}
	return "", key
}
