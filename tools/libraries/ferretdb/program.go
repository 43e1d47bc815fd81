//go:build tools

// Package program names the program that is built here, so that its packages are vendored.
package program

import _ "github.com/FerretDB/FerretDB/cmd/ferretdb"
