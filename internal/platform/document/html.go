package document

import (
	"strings"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// frame are the parts of a page that stand around what it says.
var frame = map[atom.Atom]bool{
	atom.Nav: true, atom.Footer: true, atom.Aside: true, atom.Form: true, atom.Script: true, atom.Style: true, atom.Noscript: true,
	atom.Iframe: true, atom.Svg: true, atom.Template: true, atom.Img: true, atom.Video: true, atom.Audio: true,
}

// readHTML reads a web page without its frame.
func readHTML(data []byte, doc *Document) error {
	text, err := decode(data)
	if err != nil {
		return err
	}
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return err
	}
	var walk func(*html.Node)
	walk = func(n *html.Node) { // as deep as the parser lets elements be: 512
		for c := n.FirstChild; c != nil; {
			next := c.NextSibling
			switch {
			case c.Type == html.CommentNode, c.Type == html.ElementNode && frame[c.DataAtom]:
				n.RemoveChild(c)
			case c.DataAtom == atom.Title && c.FirstChild != nil && doc.Title == "":
				doc.Title = c.FirstChild.Data
				n.RemoveChild(c)
			default:
				walk(c)
			}
			c = next
		}
	}
	walk(root)
	out, err := converter.NewConverter(converter.WithPlugins(base.NewBasePlugin(), commonmark.NewCommonmarkPlugin(), table.NewTablePlugin())).ConvertNode(root)
	doc.Text = string(out)
	return err
}
