#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Usage: [srcdir=DIRECTORY] check-layers.sh
#
# The layers of src/ hold: which room may include which other, and which
# library's headers belong to which room. Every source names its licence, and
# every source with messages is known to the translators.
# README-dev explains the rooms; these tables are what enforces them.

set -u

cd "${srcdir:-.}" || exit 99

find src demo tests build-aux/*.sh m4/leaktop.m4 quickstart configure.ac Makefile.am -type f \
	\( -name '*.[ch]' -o -name '*.sh' -o -name '*.mk' -o -name '*.am' -o -name '*.ac' \
	-o -name leaktop.m4 -o -name quickstart -o -name '*.py' -o -name '*.pl' \) |
	LC_ALL=C sort | LC_ALL=C awk '
function complain(text) {
	print text
	failed = 1
}

# The rooms whose headers a room may include besides its own.
function rooms() {
	may["base"] = ""
	may["launch"] = "base"
	may["heap"] = "base"
	may["trace"] = "base heap"
	may["capture"] = "base heap trace"
	may["perfdata"] = "base heap trace"
	may["symbols"] = "base"
	may["present"] = "base heap symbols"
	may["report"] = "base heap symbols present"
	may["ui"] = "base heap symbols present"
	may["session"] = "base heap trace capture launch perfdata symbols present"
}

# The rooms that may include the headers of a library.
function libraries() {
	owner["(ncurses[a-z]*/)?(curses|ncurses|panel|term|form|menu)[.]h"] = "ui"
	owner["(tracefs/)?tracefs[.]h"] = "capture"
	owner["perf/.*"] = "capture"
	owner["(capstone/)?capstone[.]h"] = "capture"
	owner["(traceevent/)?(event-parse|event-utils|kbuffer|trace-seq)[.]h"] = "trace"
	owner["zstd.*[.]h"] = "perfdata"
	owner["jansson.*[.]h"] = "report"
	owner["elfutils/.*|dwarf[.]h"] = "symbols"
	# capture needs to know where the functions are that it probes.
	owner["libelf[.]h|gelf[.]h"] = "symbols capture"
	owner["libiberty/.*|(libiberty|demangle)[.]h"] = "symbols"
}

function room_of(file,  part) {
	return split(file, part, "/") > 2 && part[1] == "src" ? part[2] : ""
}

function check_include(where, room, kind, header,  other, pattern) {
	if (kind == "\"" && room != "" && header != "config.h") {
		other = header
		if (!sub("/.*", "", other))
			complain(where ": \"" header "\" does not name its room")
		else if (other != room && index(" " may[room] " ", " " other " ") == 0)
			complain(where ": " room "/ must not include \"" header "\"")
	}
	if (kind == "<")
		for (pattern in owner)
			if (header ~ "^(" pattern ")$" &&
			    index(" " owner[pattern] " ", " " room " ") == 0)
				complain(where ": only " owner[pattern] "/ may include <" header ">")
}

function check(file,  line, number, room, licensed, included, messages, kind, header, source) {
	source = file ~ "^src/.*[.][ch]$"
	room = source ? room_of(file) : ""
	if (room != "" && !(room in may))
		complain(file ": the room is not in the table of check-layers.sh")
	while ((getline line < file) > 0) {
		number++
		if (number <= 5 && line ~ /SPDX-License-Identifier: LGPL-3.0-or-later/)
			licensed = 1
		if (line ~ /^[ \t]*#[ \t]*include[ \t]*["<]/) {
			kind = line ~ /^[^<]*"/ ? "\"" : "<"
			header = line
			sub(/^[^"<]*["<]/, "", header)
			sub(/[">].*/, "", header)
			# Large files and _GNU_SOURCE depend on it.
			if (!included++ && file ~ "^(src|demo)/.*[.]c$" && header != "config.h")
				complain(file ":" number ": \"config.h\" must be the first include")
			if (source)
				check_include(file ":" number, room, kind, header)
		}
		if (line ~ /(^|[^A-Za-z0-9_])(N?_|ngettext) ?\("/)
			messages = 1
	}
	close(file)
	if (!licensed)
		complain(file ": no SPDX-License-Identifier: LGPL-3.0-or-later")
	if (source && messages && !(file in translated))
		complain(file ": has messages, but is not in po/POTFILES.in")
}

BEGIN {
	rooms()
	libraries()
	while ((getline line < "po/POTFILES.in") > 0)
		translated[line] = 1
}

{ check($0); seen++ }

END {
	if (!seen)
		complain("no sources found")
	exit failed
}'
