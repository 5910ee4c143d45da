#!/bin/sh
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# What the other tests hold leaktop against is itself held against cases
# written by hand.

exec perl "$(dirname "$0")/follow.pl" --self-test
