#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# For the benchmark: follows allocations the way it was done before leaktop, in
# one plain pass over what perf script prints.  It knows calls by the thread that
# made them, keeps the text of each block's hit, and prints what was never freed
# and what was not to be expected.  It is no measure of what is right: that is
# follow.pl.
#
#   perf script -i FILE | follow_plain.pl

use strict;
use warnings;

my ( %asked, %block );
my ( $kind, $thread, $value, $text, $line ) = ( '', '', '', '', 0 );

sub finish
{
	if ( $kind eq 'malloc' ) {
		$asked{$thread} = hex $value;
	}
	elsif ( $kind eq 'malloc_ret' ) {
		my $size = delete $asked{$thread};
		print "Line $line: a return without a call: $text" if !defined $size;
		print "Line $line: $value is allocated twice\n" if $block{$value};
		$block{$value} = { size => $size // 0, line => $line, text => $text };
	}
	elsif ( $kind eq 'free' ) {
		print "Line $line: free of $value, which is not allocated\n"
			if !delete $block{$value};
	}
	( $kind, $text ) = ( '', '' );
}

while (<STDIN>) {
	if (/^\s*\S.*?\s+(\d+)\s+\[\d+\]\s+[\d.]+:\s+\w+:(\w+): \(.*?\)\s+\w+=(0x[0-9a-f]+)/) {
		finish();
		( $thread, $kind, $value, $line ) = ( $1, $2, $3, $. );
		$kind =~ s/(_ret)?__return$/_ret/;
		$kind =~ s/_\d+$//;
		$text = $_;
	}
	elsif ( $kind && /\S/ ) {
		$text .= $_;
	}
}
finish();
for my $address ( sort { $block{$a}{line} <=> $block{$b}{line} } keys %block ) {
	my $block = $block{$address};
	print "Leak: line $block->{line}: $block->{size} bytes at $address\n$block->{text}";
}
