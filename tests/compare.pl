#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-3.0-or-later
#
# Compares what must be equal between two readings of one recording, or between
# a reading and the truth of tests/targets/churn:
#
#   compare.pl [--keys=KEY,...] [--ignore=FUNCTION,...] A.json B.json
#
#   --keys    of hits, lost, unpaired, operations, live, anomalies, sizes
#             (those that both have; a key that only one has is a difference
#             where --keys names it)
#   --ignore  operations that are not compared
#
# Prints each difference.  Exit status 0: none; 1: some; 2: cannot compare.

use strict;
use warnings;
use Getopt::Long;
use JSON::PP;

my @KEYS = qw(hits lost unpaired operations live anomalies sizes);
my ( $keys, $ignore ) = ( undef, '' );
GetOptions( 'keys=s' => \$keys, 'ignore=s' => \$ignore ) && @ARGV == 2
  or do {
    print STDERR "Usage: compare.pl [--keys=KEY,...]"
      . " [--ignore=FUNCTION,...] A.json B.json\n";
    exit 2;
  };
my @compared = defined $keys ? split /,/, $keys : @KEYS;
my %ignored = map { $_ => 1 } split /,/, $ignore;

my @document = map {
    my $path = $_;
    my $text = eval {
        open my $file, '<', $path or die "$!\n";
        local $/;
        <$file>;
    };
    my $json = defined $text ? eval { decode_json($text) } : undef;
    if ( ref $json ne 'HASH' ) {
        print STDERR "compare.pl: $path: " . ( $@ || "no JSON object\n" );
        exit 2;
    }
    $json
} @ARGV;

my $differences = 0;

sub differ {
    my ( $where, $a, $b ) = @_;
    $differences++;
    printf "%s: %s, %s\n", $where, map { defined $_ ? $_ : 'none' } $a, $b;
}

# Both are hashes of numbers; what is missing is 0 where DEFAULT says so.
sub compare_hashes {
    my ( $where, $a, $b, $default ) = @_;
    my %all = ( %$a, %$b );
    for my $name ( sort keys %all ) {
        next if $where eq 'operations' && $ignored{$name};
        my ( $x, $y ) =
          map { defined $_->{$name} ? $_->{$name} : $default } $a, $b;
        next if defined $x && defined $y && $x == $y;
        differ( "$where.$name", $x, $y );
    }
}

sub compare_sizes {
    my @lists = @_;
    my @by_size = map {
        +{ map { $_->{size} => $_ } @$_ }
    } @lists;
    my %all = map { %$_ } @by_size;
    for my $size ( sort { $a <=> $b } keys %all ) {
        my ( $a, $b ) = map { $_->{$size} } @by_size;
        if ( $a && $b ) { compare_hashes( "sizes[$size]", $a, $b ) }
        else {
            differ( "sizes[$size]",
                map { $_ ? "$_->{blocks} blocks" : undef } $a, $b );
        }
    }

    # The order is part of the contract.
    return if $differences;
    my @orders = map { join ' ', map { $_->{size} } @$_ } @lists;
    differ( 'order of sizes', @orders ) if $orders[0] ne $orders[1];
}

for my $key (@compared) {
    my ( $a, $b ) = map { $_->{$key} } @document;
    if ( !defined $a || !defined $b ) {
        differ( $key, map { defined $_ ? 'there' : undef } $a, $b )
          if defined $keys;
    }
    elsif ( $key eq 'sizes' ) { compare_sizes( $a, $b ) }
    elsif ( ref $a ) {
        compare_hashes( $key, $a, $b, $key eq 'operations' ? 0 : undef );
    }
    elsif ( $a != $b ) { differ( $key, $a, $b ) }
}
exit $differences ? 1 : 0;
